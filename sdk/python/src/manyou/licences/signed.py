"""The licence as a JWS: ES256, typ ``elicence+jws``, one form of the payload only.

What parses serialises to the same bytes again, so the recorded hash of a content is the hash of what
was signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import msgspec

from manyou import _jws
from manyou._jws import BadJws, Sign
from manyou.licences.content import LicenceContent, metadata, read_metadata
from manyou.licences.errors import LicenceIssuerUnknown, LicenceRefused, LicenceSignatureRefused
from manyou.trust import LicenceType, TrustedKey, TrustList

__all__ = [
    "LONGEST",
    "TYP",
    "VerifiedLicence",
    "content_hash",
    "payload",
    "read_payload",
    "seal",
    "verify",
]

TYP: Final = "elicence+jws"
LONGEST: Final = 256 * 1024
"""Characters of a signed licence that is still read."""
LICENCE_ID_BYTES: Final = 12


class _Place(msgspec.Struct, frozen=True):
    idx: int
    uri: str


class _Status(msgspec.Struct, frozen=True):
    status_list: _Place


class _Claims(msgspec.Struct, frozen=True):
    deployment: str
    jti: str
    iat: int
    status: _Status
    licence: dict[str, Any]


@dataclass(frozen=True, slots=True)
class VerifiedLicence:
    """A licence signed by a key listed for its type and issuer.  Built by :func:`verify` alone.

    Whether it is still in force the status list says, not the signature.
    """

    content: LicenceContent
    kid: str
    type: LicenceType | None
    """The trust list's entry of the type."""


def payload(content: LicenceContent, deployment: str) -> bytes:
    """The exact bytes that are signed: JSON, members in one order.

    Raises:
        LicenceRefused: the content cannot be written, see :func:`manyou.licences.metadata`.
    """
    if len(content.licence_id) != LICENCE_ID_BYTES:
        raise LicenceRefused(detail="a licence id has 12 bytes")
    place = _Place(content.status_index, content.status_uri)
    jti = _jws.b64(content.licence_id)
    claims = _Claims(deployment, jti, content.signed_at, _Status(place), metadata(content))
    return msgspec.json.encode(claims)


def content_hash(payload: bytes) -> bytes:
    """SHA-256 of the bytes, recorded before they are signed; 32 bytes."""
    return sha256(payload).digest()


def seal(payload: bytes, kid: str, sign: Sign) -> str:
    """The compact JWS of :func:`payload`; one signature."""
    return _jws.seal(payload, kid=kid, typ=TYP, sign=sign)


def read_payload(data: bytes, deployment: str) -> LicenceContent:
    """The content of a payload, which must be exactly what :func:`payload` writes for it.

    Raises:
        LicenceRefused: another deployment, not in form, or not in the one form.
    """
    try:
        claims = msgspec.json.decode(data, type=_Claims)
        licence_id = _jws.unb64(claims.jti)
    except (BadJws, *_jws.UNREADABLE) as error:
        raise LicenceRefused(detail="payload") from error
    if claims.deployment != deployment:
        raise LicenceRefused(detail="deployment")
    place = claims.status.status_list
    content = read_metadata(
        claims.licence, licence_id=licence_id, status_uri=place.uri, status_index=place.idx
    )
    if payload(content, deployment) != data:
        raise LicenceRefused(detail="not in the one form")
    return content


def verify(token: str, trust: TrustList) -> VerifiedLicence:
    """The licence, if a key signed it that the trust list names for its type and issuer, when it was good.

    Raises:
        LicenceIssuerUnknown: no such key, or not for this type, issuer or time.
        LicenceSignatureRefused: the signature is not by that key.
        LicenceRefused: the content is not in its one form, or of another deployment.
    """
    try:
        key = trust.key("licence", _jws.header_of(token, typ=TYP, longest=LONGEST))
    except BadJws as error:
        raise LicenceRefused(detail=error.detail) from error
    if key is None:
        raise LicenceIssuerUnknown(detail="no key for licences has this kid")
    try:
        data = _jws.open_signed(token, key.public_key)
    except BadJws as error:
        raise LicenceSignatureRefused(detail=error.detail) from error
    content = read_payload(data, trust.deployment)
    _check_entitled(content, key)
    return VerifiedLicence(content, key.kid, trust.type_codes.get(content.type_code))


def _check_entitled(content: LicenceContent, key: TrustedKey) -> None:
    if content.type_code not in key.types:
        raise LicenceIssuerUnknown(detail="the key may not sign this licence type")
    if key.uscc != content.issuer_code:
        raise LicenceIssuerUnknown(detail="the key is another authority's")
    if not key.good_at(content.signed_at):
        raise LicenceIssuerUnknown(detail="the key was not valid when the licence was signed")
