"""The code: mint, check, draw, and name what is spent.

``mint`` puts a licence's facts under a signature, ``check`` says whether a text is well formed, signed
and fresh, ``spending`` names the marker by which it is used once, ``draw`` makes the picture.  The wire
format itself stands in ``manyou.codes``.  Nothing here knows a licence's status, nor who may see what:
that is eLicense's.
"""

from __future__ import annotations

from qr.check import Checker
from qr.draw import Drawing, draw
from qr.errors import TooMuchToDraw
from qr.mint import LicenceFacts, Minted, Minter, organisation_shown, person_shown
from qr.settings import QrSettings
from qr.spending import CODE_A, marker

__all__ = [
    "CODE_A",
    "Checker",
    "Drawing",
    "LicenceFacts",
    "Minted",
    "Minter",
    "QrSettings",
    "TooMuchToDraw",
    "draw",
    "marker",
    "organisation_shown",
    "person_shown",
]
