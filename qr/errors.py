"""Refusals of the codes' room; those of a code itself are ``manyou.codes.CodeRefused`` and its kin.

    TooLarge
    └── TooMuchToDraw

A fault of the caller inside the house (a holder's name that was not masked) is a ValueError.
"""

from __future__ import annotations

from manyou.errors import TooLarge

__all__ = ["TooMuchToDraw"]


class TooMuchToDraw(TooLarge):
    """No version of the code has room for the text."""

    code = "too_much_to_draw"
    mend = "Shorten the text that the code is to carry."
