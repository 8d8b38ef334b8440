"""How numbers and names are shown where the whole is not needed."""

from __future__ import annotations

import unicodedata
from typing import Final

__all__ = ["MASKED_NAME_BYTES", "mask_mobile", "mask_name", "mask_number"]

MASKED_NAME_BYTES: Final = 12
"""A masked name in UTF-8 is at most this long: one character of four bytes and eight stars."""
_MOST_STARS: Final = 8


def mask_number(number: str) -> str:
    """First and last character, the rest stars: ``1****************X``.

    Showing region and sequence too, as many screens do, leaves one birth date in eleven by the check digit.
    """
    if len(number) < 4:
        return "*" * len(number)
    return number[0] + "*" * (len(number) - 2) + number[-1]


def mask_name(name: str) -> str:
    """First character, then a star for each further one, at most eight: ``欧***``.

    In NFC; combining marks and variation selectors are left out.  A name of one
    character is one star.  The result is at most :data:`MASKED_NAME_BYTES` in UTF-8.
    """
    composed = unicodedata.normalize("NFC", name).strip()
    characters = [
        character for character in composed if not unicodedata.category(character).startswith(("M", "C"))
    ]
    if len(characters) < 2:
        return "*" * len(characters)
    return characters[0] + "*" * min(len(characters) - 1, _MOST_STARS)


def mask_mobile(mobile: str) -> str:
    """Three first and four last digits of eleven: ``138****8000``; of any other length the last two alone."""
    if len(mobile) == 11:
        return f"{mobile[:3]}****{mobile[7:]}"
    return "*" * max(0, len(mobile) - 2) + (mobile[-2:] if len(mobile) > 4 else "*" * len(mobile[-2:]))
