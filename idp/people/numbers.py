"""What somebody typed as a number (pure): its one spelling, and whether it names an organisation."""

from __future__ import annotations

import re
from typing import Final

from manyou.identifiers import InvalidIdentifier, ResidentId, Uscc, normalise_number

__all__ = ["organisation_meant", "plain", "uscc_of"]

_GAPS: Final = re.compile(r"[\s\-]+")


def plain(typed: str) -> str:
    """The number without spaces and hyphens, in NFKC and upper case; empty for what is too long to be one."""
    return _GAPS.sub("", normalise_number(typed))


def uscc_of(typed: str) -> str | None:
    """The unified social credit code (统一社会信用代码) that a text spells; None where it spells none."""
    try:
        return Uscc.parse(plain(typed)).text
    except InvalidIdentifier:
        return None


def organisation_meant(typed: str) -> str | None:
    """The code of the organisation that a number without a name beside it means; None: a person is meant.

    The check character of one resident number in 31 is a code's right one too, so those come first. The
    reverse is rare: a code would need a date of birth in its place, and the other check character.
    """
    try:
        ResidentId.parse(plain(typed))
    except InvalidIdentifier:
        return uscc_of(typed)
    return None
