"""A login that lives (pure): who, for whom, by which means and when, and until when.

Strength of a session: A1 one kind of factor, A2 two kinds, A3 one that cannot be phished.
Methods are named as ``amr`` names them (RFC 8176 § 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

__all__ = ["KINDS", "PHISHING_RESISTANT", "Session", "acr"]

KINDS: Final = {
    "pwd": "knowledge",
    "pin": "knowledge",
    "otp": "possession",
    "sms": "possession",
    "hwk": "possession",
    "swk": "possession",
    "sc": "possession",
    "face": "inherence",
    "fpt": "inherence",
}
"""Method → kind of factor; two methods of one kind are one factor. An unknown method proves nothing."""

PHISHING_RESISTANT: Final = frozenset({"hwk", "swk", "sc"})
"""Bound to our origin by the key itself."""


def acr(level: int, strength: int) -> str:
    """The named pair of real-name level and login strength, e.g. ``urn:manyou:acr:r2-a2``."""
    return f"urn:manyou:acr:r{level}-a{strength}"


ACRS: Final = {acr(level, strength): (level, strength) for level in range(4) for strength in (1, 2, 3)}
"""Every acr there is → (real-name level, login strength)."""


def reaches(level: int, strength: int, name: str) -> bool:
    """Whether a login is at least what an acr names; an unknown one is never reached."""
    least = ACRS.get(name)
    return least is not None and level >= least[0] and strength >= least[1]


class Session(msgspec.Struct, frozen=True):
    """One login. Built only from a row that lives (``idp.sessions.records``).

    Attributes:
        id: 16 random bytes that never leave the service.
        holder_key: the person.
        acting_for: holder_key of the organisation acted for, or None.
        office: by which office, e.g. ``legal_representative``.
        level: real-name level 0–3 of the person now.
        factors: method → unix time when it was proved.
        started: unix seconds, as are ``idle_ends`` and ``ends``.

    """

    id: bytes
    holder_key: bytes
    acting_for: bytes | None
    office: str | None
    level: int
    factors: Mapping[str, int]
    started: int
    idle_ends: int
    ends: int

    @property
    def auth_time(self) -> int:
        """When the person last proved something (OIDC Core § 2)."""
        return max(self.factors.values(), default=0)

    @property
    def strength(self) -> int:
        """Login strength 1–3; 0 where nothing known was proved, which reaches no demand."""
        if PHISHING_RESISTANT & self.factors.keys():
            return 3
        return min(2, len({KINDS[method] for method in self.factors if method in KINDS}))

    @property
    def acr(self) -> str:
        """The authentication context class of the session."""
        return acr(self.level, self.strength)

    @property
    def amr(self) -> list[str]:
        """Methods, and ``mfa`` where they are of two kinds (RFC 8176 § 2)."""
        methods = sorted(self.factors)
        kinds = {KINDS[method] for method in methods if method in KINDS}
        return [*methods, "mfa"] if len(kinds) > 1 else methods

    @property
    def subject(self) -> bytes:
        """The holder whom halls get to know: the organisation acted for, else the person."""
        return self.acting_for or self.holder_key
