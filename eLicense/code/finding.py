"""What the work of a check has found and recorded. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from eLicense.licences.licence import Holding, Licence
from manyou.codes import Verdict

__all__ = ["Finding"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What the work found and has recorded."""

    verdict: Verdict
    licence: Licence | None = None
    held: tuple[Holding, ...] = ()
    used_at: int | None = None
    fields: tuple[str, ...] = ()
    """What the scan may see beyond the verdict."""
    named: bool = False
    """Whether the scan's grant lets it see the shower's name."""
