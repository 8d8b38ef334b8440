"""The picture: modules by ``qrcode`` with a fixed mask, level M, quiet zone 4; the SVG path is our own.

A URL's upper-case letters go into an alphanumeric segment and the digits into a numeric one.  The
version is computed,
which saves ``qrcode`` from encoding everything twice.  ``qrcode`` is imported at the first drawing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from qr.errors import TooMuchToDraw

__all__ = ["QUIET_ZONE", "Drawing", "draw"]

QUIET_ZONE: Final = 4
"""Modules left white on each side (ISO/IEC 18004 section 9.1)."""

_MOST_VERSION: Final = 40
_RUN: Final = re.compile(rb"\x01+")
_ALPHANUMERIC: Final = re.compile(r"[0-9A-Z $%*+\-./:]+")
_DIGITS: Final = "0123456789"
# Mode indicators, ISO/IEC 18004 table 2.
_NUMERIC_MODE: Final = 1
_ALPHANUMERIC_MODE: Final = 2


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture in units of one module."""

    path: str
    """The ``d`` of one SVG path: all dark modules."""
    size: int
    """Width and height, quiet zone included: ``viewBox="0 0 size size"``."""

    def svg(self) -> str:
        """A whole SVG document, black on white."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.size} {self.size}" '
            f'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{self.size}v{self.size}H0z"/>'
            f'<path d="{self.path}"/></svg>'
        )


def draw(text: str, mask: int = 4) -> Drawing:
    """The code of ``text``: digits, or an upper-case URL that ends in them.

    Raises:
        TooMuchToDraw: no version has room for it.
        ValueError: another character, or nothing to draw.
    """
    if not _ALPHANUMERIC.fullmatch(text):
        raise ValueError("digits, or an upper-case URL that ends in digits")
    letters = text.rstrip(_DIGITS)
    modules = _modules(letters, text[len(letters) :], mask)
    lines = []
    for y, row in enumerate(modules, QUIET_ZONE):
        lines += [
            f"M{run.start() + QUIET_ZONE} {y}{_bar(run.end() - run.start())}" for run in _RUN.finditer(row)
        ]
    return Drawing("".join(lines), len(modules) + 2 * QUIET_ZONE)


@lru_cache(maxsize=256)
def _bar(length: int) -> str:
    return f"h{length}v1h-{length}z"


def _modules(letters: str, digits: str, mask: int) -> list[bytes]:
    """Rows of 0 and 1, in which an expression finds the dark runs."""
    from qrcode.constants import ERROR_CORRECT_M
    from qrcode.main import QRCode
    from qrcode.util import QRData

    code = QRCode(_version(len(letters), len(digits)), ERROR_CORRECT_M, border=QUIET_ZONE, mask_pattern=mask)
    if letters:
        code.add_data(QRData(letters.encode(), _ALPHANUMERIC_MODE, check_data=False))
    if digits:
        code.add_data(QRData(digits.encode(), _NUMERIC_MODE, check_data=False))
    code.make(fit=False)
    return [bytes(map(bool, row)) for row in code.modules]


@lru_cache(maxsize=64)
def _version(letters: int, digits: int) -> int:
    """The smallest version with room for both segments (ISO/IEC 18004 section 7.4)."""
    from qrcode.constants import ERROR_CORRECT_M
    from qrcode.util import BIT_LIMIT_TABLE, length_in_bits

    content = -(-11 * letters // 2) + -(-10 * digits // 3)
    for version in range(1, _MOST_VERSION + 1):
        heads = 0
        if letters:
            heads += 4 + length_in_bits(_ALPHANUMERIC_MODE, version)
        if digits:
            heads += 4 + length_in_bits(_NUMERIC_MODE, version)
        if heads + content <= BIT_LIMIT_TABLE[ERROR_CORRECT_M][version]:
            return version
    raise TooMuchToDraw(detail=f"{letters} letters, {digits} digits")
