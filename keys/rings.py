"""The rings and what each may do, and the life of a key: two tables.

A ring is a purpose; a key never serves two.  ``code`` keys sign codes only, each JWT ring signs only its own
``typ`` values, a licence ring belongs to one authority and names the licence types it may sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from keys.errors import NoSuchRing

__all__ = [
    "LICENCE_PREFIX",
    "NO_TYP",
    "PURPOSES",
    "SECRET",
    "TRANSITIONS",
    "Purpose",
    "State",
    "Step",
    "licence_ring",
    "purpose_of",
]

LICENCE_PREFIX: Final = "licence:"
NO_TYP: Final = ""
"""A header without ``typ``."""
SECRET: Final = "A256"
"""Algorithm name of 32 random bytes, from which a ring derives what it needs."""


class State(StrEnum):
    """Where a key stands."""

    PENDING = "pending"  # published, not yet signing
    ACTIVE = "active"  # the one of its ring and algorithm that signs or seals
    RETIRING = "retiring"  # replaced; still verifies and opens
    RETIRED = "retired"  # private part erased; public part kept for ever


class Step(StrEnum):
    """What moves a key on."""

    BEGIN = "begin"  # the first key of an empty ring: nobody can hold an older one
    PUBLISH = "publish"
    ACTIVATE = "activate"
    SUCCEED = "succeed"  # a newer key became active
    RETIRE = "retire"


TRANSITIONS: Final[dict[tuple[State | None, Step], State]] = {
    (None, Step.BEGIN): State.ACTIVE,
    (None, Step.PUBLISH): State.PENDING,
    (State.PENDING, Step.ACTIVATE): State.ACTIVE,
    (State.ACTIVE, Step.SUCCEED): State.RETIRING,
    (State.RETIRING, Step.RETIRE): State.RETIRED,
}
"""State and step → next state; what is not listed is refused."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a ring is for.

    Attributes:
        algorithms: of its keys; each has an active key of its own.
        typs: JWT ``typ`` values it signs, the default first; none for rings that sign no JWT.
        rotates: whether :meth:`keys.Keys.rotate` takes it.
        retires: whether time alone retires its replaced keys; if not, rewriting what they hold does.
        listed: whether its public keys stand in the trust list.
    """

    algorithms: tuple[str, ...]
    typs: tuple[str, ...] = ()
    rotates: bool = True
    retires: bool = True
    listed: bool = False


PURPOSES: Final[dict[str, Purpose]] = {
    # no typ at all: userinfo, which has none of its own and must not pass for an ID token
    "id-token": Purpose(
        ("ES256", "RS256", "PS256", "EdDSA"), ("JWT", "logout+jwt", "token-introspection+jwt", NO_TYP)
    ),
    "authorization-response": Purpose(("ES256", "PS256", "EdDSA"), ("JWT",)),
    "access-token": Purpose(("ES256",), ("at+jwt",)),
    "status": Purpose(("ES256",), ("statuslist+jwt",), listed=True),
    "trust": Purpose(("ES256",), ("trust-list+jws", "trust-list+jwt"), listed=True),
    "code": Purpose(("ES256",), listed=True),
    # what is encrypted to us: request objects (RFC 9101 section 6.1)
    "encryption": Purpose(("ECDH-ES", "RSA-OAEP-256")),
    "seal": Purpose((SECRET,)),
    "field": Purpose((SECRET,), retires=False),
    "blind-index": Purpose((SECRET,), retires=False),
    # pairwise subjects are derived from it: another key would make everybody a stranger at every hall
    "mac": Purpose((SECRET,), rotates=False, retires=False),
}
"""Every ring that exists from the start."""

_LICENCE: Final = Purpose(("ES256",), ("elicence+jws",), listed=True)


def licence_ring(agency_uscc: str) -> str:
    """The ring name of an authority: ``licence:<USCC>``."""
    return LICENCE_PREFIX + agency_uscc


def purpose_of(ring: str) -> Purpose:
    """The row of the table for a ring.

    Raises:
        NoSuchRing: for any other name.
    """
    if ring.startswith(LICENCE_PREFIX):
        return _LICENCE
    purpose = PURPOSES.get(ring)
    if purpose is None:
        raise NoSuchRing(detail=ring)
    return purpose
