"""The user code: what a person types from another device (RFC 8628 § 6.1).

Eight letters of twenty that are neither vowels nor digits: no words, nothing to mistake. People carry it, so
guesses are budgeted: no more codes than ``LIVING_MOST`` live at once, and a person may try ``TRIES_A_DAY``,
right or wrong, counted durably before a code is looked at. 2,500 × 10 ÷ 20⁸ < 10⁻⁶ a day.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from idp.factors.attempts import UNBOUNDED, Rule
from manyou.errors import TooMany

if TYPE_CHECKING:
    from collections.abc import Callable

    from idp.oauth.engine import Engine

__all__ = ["ALPHABET", "LETTERS", "LIVING_MOST", "TRIES", "TRIES_A_DAY", "new", "place_of", "room", "shown"]

ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"
LETTERS: Final = 8
TRIES_A_DAY: Final = 10
A_WINDOW: Final = 1_250
"""Codes given out while one lives; two windows overlap."""
A_WINDOW_OF_ONE: Final = 250
"""By one client: everybody knows a public one's name, and a flood under it closes only its own door."""
LIVING_MOST: Final = 2 * A_WINDOW
TRIES: Final = Rule("user_code", UNBOUNDED, TRIES_A_DAY, delays=False, dies=False)
_FAIR: Final = 256 - 256 % len(ALPHABET)


def new(entropy: Callable[[int], bytes]) -> str:
    """A code, each letter equally likely."""
    letters = ""
    while len(letters) < LETTERS:
        letters += "".join(ALPHABET[each % len(ALPHABET)] for each in entropy(16) if each < _FAIR)
    return letters[:LETTERS]


def shown(code: str) -> str:
    """As people read it: WDJB-MJHT."""
    return f"{code[:4]}-{code[4:]}"


def place_of(engine: Engine, typed: str) -> str | None:
    """Where the request of a typed code lies; None for what cannot be one.

    Small letters, full width, hyphens and spaces are as good. The store never sees a code.
    """
    text = unicodedata.normalize("NFKC", typed[:64]).upper()
    letters = "".join(each for each in text if not each.isspace() and each not in "-‐‑–—_.")
    if len(letters) != LETTERS or not set(letters) <= set(ALPHABET):
        return None
    return engine.keys.mac("user-code", letters.encode())[:16].hex()


def room(engine: Engine, client_id: str, ends: int) -> None:
    """Count a code that is about to be given out.

    Raises:
        TooMany: as many live as the guess budget allows.

    """
    for key, most in ((f"user-codes:{client_id}", A_WINDOW_OF_ONE), ("user-codes", A_WINDOW)):
        if engine.expiring.bump(key, ends) > most:
            raise TooMany("Wait until devices that were begun before have finished.", retry_after=60)
