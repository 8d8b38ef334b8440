"""What this room is given, and the one thing that has several implementations: sources of licences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from holders import Register
from keys import Keys
from store import Durable, Feed
from web import AccessTokens

__all__ = ["LicenceSource", "Ports", "SourceAnswer"]


@dataclass(frozen=True, slots=True)
class SourceAnswer:
    """What a source says of one licence of a holder; never ours, never signed by us."""

    number: str
    issuer: str
    """Name of the issuing body, as the source writes it."""
    name: str
    """The holder's name, as the source writes it."""
    valid_from: str
    valid_until: str
    """Days as ``YYYY-MM-DD``; an end of ``""`` is none."""
    fields: Mapping[str, str]
    at: int
    """When the source answered, unix seconds."""


class LicenceSource(Protocol):
    """Answers for source-backed types (ID card, driving licence: the police's)."""

    @property
    def name(self) -> str:
        """As the catalogue names it in ``LicenceType.source``."""

    @property
    def title(self) -> tuple[str, str]:
        """Who answers, in Chinese and English."""

    def ask(self, type_code: str, holder_key: bytes, now: int) -> SourceAnswer | None:
        """The holder's licence of the type, None where the source has none.

        Raises:
            SourceDown: the source does not answer.

        """


@dataclass(frozen=True, slots=True)
class Ports:
    """Handed to ``build`` by the service."""

    durable: Durable
    keys: Keys
    register: Register
    feed: Feed
    tokens: AccessTokens
    clock: Callable[[], int]
    sources: Mapping[str, LicenceSource] = field(default_factory=dict)
    """By name."""
    looked: Callable[[bytes, int], None] = lambda _licence, _now: None
    """Called before a stranger's look at a licence is recorded; raises ``TooMany`` after enough of them."""
