"""What this room records. A holder's trace is these events: who did what with which licence, when and why.

None holds a name or a personal number; what was shown is told by the fields' names.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import ClassVar, Final

import msgspec

from ledger import Event, event_id

__all__ = [
    "TRACE_TAGS",
    "CatalogueChanged",
    "CodeChecked",
    "EventIds",
    "LicenceChanged",
    "LicenceIssued",
    "LicenceUsed",
    "UseRefused",
]

_ID_RANDOM_BYTES: Final = 10
_ID_RANDOM_LIMIT: Final = 1 << (8 * _ID_RANDOM_BYTES)


@dataclass(frozen=True, slots=True)
class EventIds:
    """Ids for the events of one work, drawn before it: a work that runs again gives the same ones."""

    milliseconds: int
    random: int

    @classmethod
    def draw(cls, now: int) -> EventIds:
        """Fresh ids for a work at ``now`` (unix seconds)."""
        # the part of the second puts what happens within one into its order in the trace
        part = time.time_ns() // 1_000_000 % 1000
        return cls(now * 1000 + part, int.from_bytes(os.urandom(_ID_RANDOM_BYTES), "big"))

    def nth(self, number: int) -> bytes:
        """The id of the work's event of that number."""
        tail = (self.random + number) % _ID_RANDOM_LIMIT
        return event_id(self.milliseconds, tail.to_bytes(_ID_RANDOM_BYTES, "big"))


class _LicenceEvent(msgspec.Struct, frozen=True, kw_only=True):
    tag: ClassVar[str]
    version: ClassVar[int] = 1

    def event(
        self, id_: bytes, at: int, holder_key: bytes | None, *, actor: str, client: str, subject: bytes
    ) -> Event:
        """The ledger's envelope; ``subject`` is the licence's internal id, empty where none was found."""
        return Event(
            id=id_,
            tag=self.tag,
            version=self.version,
            at=at,
            holder_key=holder_key,
            actor=actor,
            client=client,
            subject=subject,
            body=msgspec.json.encode(self),
        )


class LicenceIssued(_LicenceEvent, frozen=True):
    """A licence was signed and is valid from now on. Actor: the agency."""

    tag: ClassVar[str] = "licence.issued"

    identifier: str
    type: str
    key_id: str


class LicenceChanged(_LicenceEvent, frozen=True):
    """A licence changed its state. Actor: the agency, or ``system``."""

    tag: ClassVar[str] = "licence.changed"

    identifier: str
    type: str
    operation: str
    from_state: str
    to_state: str
    effective_at: int
    revision: int


class LicenceUsed(_LicenceEvent, frozen=True):
    """Fields of a licence went to a client. Actor: ``holder``, who agreed."""

    tag: ClassVar[str] = "licence.used"

    type: str
    mode: str
    matter: str
    purpose: str
    business_number: str
    fields: tuple[str, ...]
    client_name: str
    answer: str


class UseRefused(_LicenceEvent, frozen=True):
    """A client asked for a use and was refused."""

    tag: ClassVar[str] = "licence.use_refused"

    mode: str
    matter: str
    purpose: str
    business_number: str
    reason: str
    client_name: str


class CodeChecked(_LicenceEvent, frozen=True):
    """Somebody checked a code that the holder showed. Actor: ``somebody`` or ``verifier``."""

    tag: ClassVar[str] = "licence.checked"

    type: str
    verdict: str
    purpose: str
    business_number: str
    fields: tuple[str, ...]
    client_name: str


class CatalogueChanged(_LicenceEvent, frozen=True):
    """A catalogue of so many entries was loaded and changed something: policy."""

    tag: ClassVar[str] = "licence.catalogue_changed"

    entries: int


TRACE_TAGS: Final = tuple(
    kind.tag for kind in (LicenceIssued, LicenceChanged, LicenceUsed, UseRefused, CodeChecked)
)
"""What a holder's trace shows."""
