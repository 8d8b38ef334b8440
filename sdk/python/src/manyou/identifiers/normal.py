"""One spelling for one number."""

from __future__ import annotations

import unicodedata
from typing import Final

__all__ = ["LONGEST_NUMBER", "normalise_number"]

LONGEST_NUMBER: Final = 128
"""Characters looked at before normalising; NFKC can make one character into eighteen."""


def normalise_number(text: str) -> str:
    """The number in NFKC, trimmed, in upper case: ``１１x`` becomes ``11X``.

    The result is not yet valid: match it against ASCII, as ``str.isdigit`` is true for full-width digits too.
    Text longer than :data:`LONGEST_NUMBER` is no number and comes back empty.
    """
    if len(text) > LONGEST_NUMBER:
        return ""
    return unicodedata.normalize("NFKC", text).strip().upper()
