"""What a licence ring signs: a licence's payload that names the ring's own authority and one of its types.

The payload is read far enough to know that; its full form is for the verifier (:mod:`manyou.licences`).
"""

from __future__ import annotations

import msgspec

from keys.errors import NoSuchRing, NotForThisRing, TypeNotSignable
from keys.material import UNREADABLE
from keys.rings import State, licence_ring
from keys.signing import SigningKey
from keys.snapshot import Snapshot

__all__ = ["judge", "key_for"]


class _Metadata(msgspec.Struct, frozen=True):
    """Of GB/T 36903: type code and issuer's code."""

    ZZLXDM: str
    ZZBFJGDM: str


class _Payload(msgspec.Struct, frozen=True):
    deployment: str
    licence: _Metadata


_decode = msgspec.json.Decoder(_Payload).decode


def key_for(rings: Snapshot, agency_uscc: str, type_code: str, kid: str | None) -> SigningKey:
    """The authority's active key, or the one of ``kid`` while it still can sign.

    Raises:
        TypeNotSignable: the authority's ring does not name the type, or there is no ring.
        NoSuchRing: no key of ``kid`` in the ring that can sign.
    """
    ring = licence_ring(agency_uscc)
    if type_code not in rings.licence_types.get(ring, frozenset()):
        raise TypeNotSignable(detail=f"{ring} may not sign {type_code}")
    if kid is None:
        return rings.signer(ring, "ES256")
    key = rings.signing.get(kid)
    if key is None or key.ring != ring or key.row.state not in {State.ACTIVE, State.RETIRING}:
        raise NoSuchRing(detail=f"no key {kid} in {ring}")
    return key


def judge(payload: bytes, agency_uscc: str, type_code: str, deployment: str) -> None:
    """Refuse a payload that is not this authority's licence of this type.

    Raises:
        NotForThisRing: no licence payload, or another deployment's.
        TypeNotSignable: it names another authority or type.
    """
    try:
        found = _decode(payload)
    except UNREADABLE as e:
        raise NotForThisRing(detail="no licence payload") from e
    if found.deployment != deployment:
        raise NotForThisRing(detail="another deployment")
    if (agency_uscc, type_code) != (found.licence.ZZBFJGDM, found.licence.ZZLXDM):
        raise TypeNotSignable(detail="the payload names another authority or type")
