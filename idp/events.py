"""What happened to accounts and sessions, as the ledger keeps it: no name, no number, no secret."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from keys import random_bytes
from ledger import Event, event_id
from ledger.event import ID_RANDOM_BYTES

__all__ = [
    "AccountActivated",
    "Body",
    "FactorBound",
    "FactorRemoved",
    "LevelRaised",
    "LoggedIn",
    "OfficeRecorded",
    "RegistryImported",
    "SessionsEnded",
    "event",
    "new_id",
]


class Body(msgspec.Struct, frozen=True):
    """The body of an event; ``tag`` and ``version`` name its shape for ever."""

    tag: ClassVar[str]
    version: ClassVar[int] = 1


class LoggedIn(Body, frozen=True):
    """A session began or rose: by which methods, at which pair of level and strength.

    ``acting_person``: the holder key of the person, in hexadecimal, where an organisation is acted for.
    """

    tag: ClassVar[str] = "idp.logged_in"
    session: str
    amr: list[str]
    acr: str
    office: str | None
    acting_person: str | None


class SessionsEnded(Body, frozen=True):
    """Sessions ended; ``why``: logout, by_user, replaced or password_changed."""

    tag: ClassVar[str] = "idp.sessions_ended"
    sessions: list[str]
    why: str


class AccountActivated(Body, frozen=True):
    """The phone on file answered and a password was set; ``again`` where the account had one."""

    tag: ClassVar[str] = "idp.account_activated"
    again: bool


class FactorBound(Body, frozen=True):
    """A factor was bound or changed: ``method`` as in ``amr``."""

    tag: ClassVar[str] = "idp.factor_bound"
    method: str
    channel: str


class FactorRemoved(Body, frozen=True):
    """A factor was removed by its owner."""

    tag: ClassVar[str] = "idp.factor_removed"
    method: str


class LevelRaised(Body, frozen=True):
    """Evidence for a real-name level was recorded."""

    tag: ClassVar[str] = "idp.level_raised"
    level: int
    channel: str


class OfficeRecorded(Body, frozen=True):
    """A person's office in the organisation that the event is about began, changed or ended."""

    tag: ClassVar[str] = "idp.office_recorded"
    person: str
    role: str
    begins: int
    ends: int


class RegistryImported(Body, frozen=True):
    """A batch of a registry file was taken over."""

    tag: ClassVar[str] = "idp.registry_imported"
    new: int
    changed: int
    same: int


def new_id(now: int) -> bytes:
    """An event's id, made outside the work that appends it."""
    return event_id(now * 1000, random_bytes(ID_RANDOM_BYTES))


def event(
    body: Body,
    *,
    id: bytes,
    at: int,
    holder_key: bytes | None,
    actor: str,
    subject: bytes = b"",
) -> Event:
    """Put a body into the ledger's envelope.

    ``id``: 16 bytes made outside the work. ``actor``: ``person``, ``operator`` or ``system``, never a name.
    """
    return Event(
        id=id,
        tag=body.tag,
        version=body.version,
        at=at,
        holder_key=holder_key,
        actor=actor,
        client="",
        subject=subject,
        body=msgspec.json.encode(body),
    )
