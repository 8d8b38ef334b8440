"""The reference under docs/, read off the code itself: settings, errors, endpoints, authorisations.

`manyou docs` writes it; a test fails while the files say something else than the code.
"""

from __future__ import annotations

from pathlib import Path

from service.reference.endpoints import authorisations, endpoints, example
from service.reference.errors import errors
from service.reference.settings import settings

__all__ = ["pages", "write"]


def pages() -> dict[str, str]:
    """Name of each page and what stands on it."""
    with example() as house:
        return {
            "authorisations.md": authorisations(house),
            "endpoints.md": endpoints(house),
            "errors.md": errors(),
            "settings.md": settings(),
        }


def write(folder: Path) -> list[Path]:
    """Write the pages into the folder; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = pages()
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in written]
