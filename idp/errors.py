"""What people, factors and sessions refuse; OAuth's own error answers stand in ``idp.oauth``.

Problem
├── BadRequest ── PasswordRefused, RegistryFileUnreadable
├── Unauthenticated ── LoginRefused
├── TooMany ── TryLater
├── Gone ── FlowEnded
├── Conflict ── FactorAlreadyBound
├── NotFound ── NoSuchSession, NoSuchHolder
└── Unavailable ── HashingBusy
"""

from __future__ import annotations

from manyou.errors import BadRequest, Conflict, Gone, NotFound, TooMany, Unauthenticated, Unavailable

__all__ = [
    "FactorAlreadyBound",
    "FlowEnded",
    "HashingBusy",
    "LoginRefused",
    "NoSuchHolder",
    "NoSuchSession",
    "PasswordRefused",
    "RegistryFileUnreadable",
    "TryLater",
]


class PasswordRefused(BadRequest):
    """The password is too short, too long or on the block-list; ``why`` names the text that says so."""

    code = "password_refused"
    mend = "Choose another password."

    def __init__(self, why: str) -> None:
        super().__init__(detail=why)
        self.why = why


class RegistryFileUnreadable(BadRequest):
    """The file as a whole is neither CSV with our header nor JSON lines in UTF-8."""

    code = "registry_file_unreadable"
    mend = "Send UTF-8 CSV with a header line, or JSON lines, as docs/registry-import.md describes."


class LoginRefused(Unauthenticated):
    """Unknown, wrong, disabled, no office: one answer for all."""

    code = "login_refused"
    mend = "Check the number and the password."


class TryLater(TooMany):
    """Too many tries from this place; ``closed`` tells that waiting no longer helps."""

    code = "try_later"
    mend = "Wait as long as Retry-After says, or activate again with the phone on file."


class FlowEnded(Gone):
    """What the browser began has ended or was used."""

    code = "flow_ended"
    mend = "Begin again."


class FactorAlreadyBound(Conflict):
    """The account already has this factor."""

    code = "factor_already_bound"
    mend = "Remove the factor first."


class NoSuchSession(NotFound):
    """No living session of that person has this handle."""

    code = "no_such_session"
    mend = "Reload the list of sessions."


class NoSuchHolder(NotFound):
    """The register knows nobody of that number."""

    code = "no_such_holder"
    mend = "Import the holder first."


class HashingBusy(Unavailable):
    """More passwords wait to be checked than may wait."""

    code = "hashing_busy"
    mend = "Try again after Retry-After seconds."
