"""What somebody typed as a number (pure): its one spelling, and whether it names an organisation."""

from __future__ import annotations

import re
from typing import Final

from manyou.identifiers import InvalidIdentifier, Uscc, normalise_number

__all__ = ["plain", "uscc_of"]

_GAPS: Final = re.compile(r"[\s\-]+")


def plain(typed: str) -> str:
    """The number without spaces and hyphens, in NFKC and upper case; empty for what is too long to be one."""
    return _GAPS.sub("", normalise_number(typed))


def uscc_of(typed: str) -> str | None:
    """The unified social credit code (统一社会信用代码) that was typed, or None: then a person is meant."""
    try:
        return Uscc.parse(plain(typed)).text
    except InvalidIdentifier:
        return None
