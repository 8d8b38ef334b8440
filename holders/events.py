"""Events of the register; none holds a number or a name."""

from __future__ import annotations

import os
from typing import ClassVar

import msgspec

from ledger import Event, event_id

__all__ = ["AliasAdded", "AliasEnded", "HolderEnrolled", "HolderErasure", "HoldersMerged"]

_ID_RANDOM_BYTES = 10


class _HolderEvent(msgspec.Struct, frozen=True):
    """What the events of this room have in common."""

    tag: ClassVar[str]
    version: ClassVar[int] = 1

    def event(self, holder_key: bytes, at: int, *, actor: str = "system") -> Event:
        """The ledger's envelope, with a fresh id: make it before the work, which may run again."""
        return Event(
            id=event_id(at * 1000, os.urandom(_ID_RANDOM_BYTES)),
            tag=self.tag,
            version=self.version,
            at=at,
            holder_key=holder_key,
            actor=actor,
            client="",
            subject=holder_key,
            body=msgspec.json.encode(self),
        )


class HolderEnrolled(_HolderEvent, frozen=True):
    """A holder began with a first alias."""

    tag: ClassVar[str] = "holder.enrolled"

    kind: str
    document_type: str


class AliasAdded(_HolderEvent, frozen=True):
    """Another number leads to the holder."""

    tag: ClassVar[str] = "holder.alias_added"

    document_type: str


class AliasEnded(_HolderEvent, frozen=True):
    """A number leads to the holder no more."""

    tag: ClassVar[str] = "holder.alias_ended"

    document_type: str


class HoldersMerged(_HolderEvent, frozen=True):
    """Another file's numbers lead to this holder from now on; ``merged`` is its key in hexadecimal."""

    tag: ClassVar[str] = "holder.merged"

    merged: str


class HolderErasure(_HolderEvent, frozen=True):
    """The data key and the aliases were deleted."""

    tag: ClassVar[str] = "holder.erased"
