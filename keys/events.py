"""Events of the key room: what happened to which key, never the key.

An envelope gets a fresh id, so it is made before the work, which may run again.
"""

from __future__ import annotations

import os
from typing import ClassVar

import msgspec

from ledger import Event, event_id

__all__ = ["EpochBegun", "KeyMoved", "LicenceRingSet"]

_ACTOR = "system"
_ID_RANDOM_BYTES = 10


class KeyMoved(msgspec.Struct, frozen=True):
    """A key came into a state: made, published, active, replaced, retired."""

    tag: ClassVar[str] = "key.moved"
    version: ClassVar[int] = 1

    kid: str
    ring: str
    algorithm: str
    state: str

    def event(self, at: int) -> Event:
        """The ledger's envelope; the subject is the kid."""
        return _envelope(self, self.kid, at)


class LicenceRingSet(msgspec.Struct, frozen=True):
    """An authority's ring was made or gained licence types."""

    tag: ClassVar[str] = "key.licence_ring_set"
    version: ClassVar[int] = 1

    ring: str
    agency_uscc: str
    types: list[str]

    def event(self, at: int) -> Event:
        """The ledger's envelope; the subject is the ring."""
        return _envelope(self, self.ring, at)


class EpochBegun(msgspec.Struct, frozen=True):
    """Values sealed before are refused from now on."""

    tag: ClassVar[str] = "key.epoch_begun"
    version: ClassVar[int] = 1

    reason: str

    def event(self, at: int) -> Event:
        """The ledger's envelope; the subject is the word ``epoch``: there is one."""
        return _envelope(self, "epoch", at)


def _envelope(what: KeyMoved | LicenceRingSet | EpochBegun, subject: str, at: int) -> Event:
    return Event(
        id=event_id(at * 1000, os.urandom(_ID_RANDOM_BYTES)),
        tag=what.tag,
        version=what.version,
        at=at,
        holder_key=None,
        actor=_ACTOR,
        client="",
        subject=subject.encode(),
        body=msgspec.json.encode(what),
    )
