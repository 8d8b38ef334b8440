"""Comparing names as a counter would: spellings of one name are the same, a near miss goes to a person.

Folded: Unicode form (NFC), the dots between the parts of a transliterated name, listed variant characters,
Latin case, spacing.  Nothing else: two names that differ in one character are never ``SAME``.
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum
from typing import Final

__all__ = ["NameMatch", "compare_names", "fold_name"]

_DOTS: Final = dict.fromkeys(map(ord, "·‧•・･∙⋅᛫⸱．｡"), "·")
# Pairs that registers write either way for one and the same person.
_VARIANTS: Final = str.maketrans("呂黃戶靑淸溫為內產衛黒麽産峯羣彥姸", "吕黄户青清温为内产卫黑么产峰群彦妍")
_SPACE: Final = re.compile(r"\s+")
_SPACE_BESIDE_IDEOGRAPH: Final = re.compile(r"(?<=[^\x00-\u024f]) | (?=[^\x00-\u024f])")


class NameMatch(Enum):
    """How two names compare."""

    SAME = "same"
    NEAR = "near"
    """For a counter to decide; never counts as a match."""
    DIFFERENT = "different"


def fold_name(name: str) -> str:
    """The one spelling under which spellings of a name agree; for comparing, not for showing."""
    folded = unicodedata.normalize("NFC", name).translate(_DOTS)
    # Full-width Latin letters and the wide space are the narrow ones.
    folded = "".join(unicodedata.normalize("NFKC", each) if "！" <= each <= "～" else each for each in folded)
    folded = folded.translate(_VARIANTS).casefold()
    folded = _SPACE.sub(" ", folded).strip()
    folded = _SPACE_BESIDE_IDEOGRAPH.sub("", folded)
    return unicodedata.normalize("NFC", folded.replace(" ·", "·").replace("· ", "·"))


def compare_names(one: str, other: str) -> NameMatch:
    """Same, near (one edit apart, or dots and spaces differ) or different; an empty name matches none."""
    left, right = fold_name(one), fold_name(other)
    if not left or not right:
        return NameMatch.DIFFERENT
    if left == right:
        return NameMatch.SAME
    bare_left, bare_right = (text.replace("·", "").replace(" ", "") for text in (left, right))
    if bare_left == bare_right or _one_edit_apart(bare_left, bare_right):
        return NameMatch.NEAR
    return NameMatch.DIFFERENT


def _one_edit_apart(one: str, other: str) -> bool:
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1 or len(other) < 2:
        return False
    same = next(
        (place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), len(one)
    )
    rest = one[same + 1 :] if len(one) == len(other) else one[same:]
    return rest == other[same + 1 :]
