"""Events of the key room: what happened to which key, never the key."""

from __future__ import annotations

import os
from typing import ClassVar

import msgspec

from ledger import Event, event_id

__all__ = ["EpochBegun", "KeyMoved", "LicenceRingSet"]

_ACTOR = "system"
_ID_RANDOM_BYTES = 10


class _KeyEvent(msgspec.Struct, frozen=True):
    """What the events of this room have in common."""

    tag: ClassVar[str]
    version: ClassVar[int] = 1

    def subject(self) -> bytes:
        """What changed."""
        raise NotImplementedError

    def event(self, at: int) -> Event:
        """The ledger's envelope, with a fresh id: make it before the work, which may run again."""
        return Event(
            id=event_id(at * 1000, os.urandom(_ID_RANDOM_BYTES)),
            tag=self.tag,
            version=self.version,
            at=at,
            holder_key=None,
            actor=_ACTOR,
            client="",
            subject=self.subject(),
            body=msgspec.json.encode(self),
        )


class KeyMoved(_KeyEvent, frozen=True):
    """A key came into a state: made, published, active, replaced, retired."""

    tag: ClassVar[str] = "key.moved"

    kid: str
    ring: str
    algorithm: str
    state: str

    def subject(self) -> bytes:
        """The kid."""
        return self.kid.encode()


class LicenceRingSet(_KeyEvent, frozen=True):
    """An authority's ring was made or gained licence types."""

    tag: ClassVar[str] = "key.licence_ring_set"

    ring: str
    agency_uscc: str
    types: list[str]

    def subject(self) -> bytes:
        """The ring."""
        return self.ring.encode()


class EpochBegun(_KeyEvent, frozen=True):
    """Values sealed before are refused from now on."""

    tag: ClassVar[str] = "key.epoch_begun"

    reason: str

    def subject(self) -> bytes:
        """The word ``epoch``: there is one."""
        return b"epoch"
