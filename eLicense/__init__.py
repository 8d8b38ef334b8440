"""The licence: catalogue, matters, issue, life cycle, the holder's file, sharing, status lists, codes.

    library = build(LicenceSettings(...), Ports(...))
    catalogue.load(catalogue.read(path), durable=..., keys=..., now=...)     # idempotent, also while serving
    library.endpoints · library.detail_type · library.jobs

What a licence says is signed once and sealed for each of its holders; whether it is in force stands in its
state and its two bits. A use is written into every holder's trace before anything is opened.
"""

from __future__ import annotations

from eLicense import catalogue
from eLicense.library import LANE, TEXTS, Library, build
from eLicense.ports import LicenceSource, Ports, SourceAnswer
from eLicense.settings import LicenceSettings

__all__ = [
    "LANE",
    "TEXTS",
    "Library",
    "LicenceSettings",
    "LicenceSource",
    "Ports",
    "SourceAnswer",
    "build",
    "catalogue",
]
