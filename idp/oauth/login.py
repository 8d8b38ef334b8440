"""The login behind a grant, as tokens tell it: kept in a family, for a session may end before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from idp.sessions.session import acr, reaches

if TYPE_CHECKING:
    from idp.sessions.session import Session

__all__ = ["Login"]


class Login(msgspec.Struct, frozen=True, array_like=True):
    """Level, strength, time and means."""

    level: int
    """Real-name level 0-3 of the person."""
    strength: int
    """Login strength 1-3."""
    auth_time: int
    amr: tuple[str, ...]
    office: str | None

    @classmethod
    def of(cls, session: Session) -> Login:
        """The login that a session stands for."""
        return cls(session.level, session.strength, session.auth_time, tuple(session.amr), session.office)

    @property
    def acr(self) -> str:
        """``urn:manyou:acr:r2-a2`` and its like."""
        return acr(self.level, self.strength)

    def acr_among(self, wanted: tuple[str, ...]) -> str:
        """The first of these that the login reaches, else its own (OIDC Core § 5.5.1.1)."""
        return next((each for each in wanted if reaches(self.level, self.strength, each)), self.acr)
