"""From a typed number to whom it means: the holder, or a stand-in that is counted and timed alike.

Every spelling of one number (x/X, full width, spaces, the 15 digits of a first-generation card) means one
holder, and where nobody has the number, one stand-in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from holders import records as holder_records
from idp.people.numbers import plain

if TYPE_CHECKING:
    from holders import Alias, Register
    from keys import Keys
    from store import Tx

__all__ = ["Named", "Naming"]

OWNER_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Named:
    """What a typed number is looked up by."""

    aliases: tuple[Alias, ...]
    """What it may be, likeliest first; a passport's number fits more than one kind of document."""
    stand_in: bytes
    """16 bytes, the same for every spelling of one number, never a holder's key."""

    def holder(self, tx: Tx, now: int) -> bytes | None:
        """The holder whom the number means now."""
        found = (holder_records.find(tx, alias, now) for alias in self.aliases)
        return next((holder for holder in found if holder is not None), None)

    def holders(self, tx: Tx, now: int) -> list[bytes | None]:
        """The holder for each that it may be: as many reads whether anybody has the number or not."""
        return [holder_records.find(tx, alias, now) for alias in self.aliases]


@dataclass(frozen=True, slots=True)
class Naming:
    """Makes blind indexes and stand-ins, outside works."""

    register: Register
    keys: Keys

    def of(self, typed: str) -> Named:
        """What a typed number is looked up by; never refuses, so that nonsense is answered like a number."""
        number = plain(typed)
        aliases = tuple(self.register.aliases(number))
        one_spelling = aliases[0].number if aliases else number
        digest = self.keys.mac("number-without-holder", one_spelling.encode("utf-8", "replace"))
        return Named(aliases, digest[:OWNER_BYTES])
