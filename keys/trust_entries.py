"""The keys' part of the trust list."""

from __future__ import annotations

from dataclasses import dataclass

from keys.rings import LICENCE_PREFIX, purpose_of
from keys.snapshot import Snapshot

__all__ = ["TrustEntry", "entries"]


@dataclass(frozen=True, slots=True)
class TrustEntry:
    """One public key as verifiers are to trust it.

    Attributes:
        kid: of a code key, 4 hexadecimal digits for its 2 bytes.
        purpose: ``code``, ``licence``, ``status`` or ``trust``; a key is good for that one alone.
        jwk: kty, crv, x, y.
        not_before: when it was made, unix seconds.
        not_after: when it stops verifying what is signed from then on; None while it has no successor.
        types: licence types it may sign, sorted; empty for other purposes.
        agency: the authority's USCC; empty for other purposes.
    """

    kid: str
    purpose: str
    algorithm: str
    jwk: dict[str, str]
    not_before: int
    not_after: int | None
    types: tuple[str, ...]
    agency: str


def entries(rings: Snapshot) -> list[TrustEntry]:
    """Every listed key, retired ones included: what they signed stays verifiable."""
    return [
        TrustEntry(
            kid=key.kid,
            purpose=key.ring.partition(":")[0],
            algorithm=key.algorithm,
            jwk=key.public_jwk(),
            not_before=key.row.created_at,
            not_after=key.row.retires_at,
            types=tuple(sorted(rings.licence_types.get(key.ring, frozenset()))),
            agency=key.ring.removeprefix(LICENCE_PREFIX) if key.ring.startswith(LICENCE_PREFIX) else "",
        )
        for key in rings.signing.values()
        if purpose_of(key.ring).listed
    ]
