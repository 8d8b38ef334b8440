"""Levels of a login: ``urn:manyou:acr:r2-a2`` is real-name level 2 and login strength 2, each at least."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["reaches"]

_LEVEL: Final = re.compile(r"urn:manyou:acr:r([0-3])-a([1-3])")


def reaches(acr: str, wanted: str) -> bool:
    """Whether a login's ``acr`` is at least one of those wanted (separated by spaces); no order, no guess."""
    return any(_at_least(acr, each) for each in wanted.split())


def _at_least(acr: str, wanted: str) -> bool:
    have, need = _LEVEL.fullmatch(acr), _LEVEL.fullmatch(wanted)
    if have is None or need is None:
        return acr == wanted
    return have[1] >= need[1] and have[2] >= need[2]
