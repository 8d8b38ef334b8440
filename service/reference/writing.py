"""What every page of the reference begins with, and how a text stands in a table."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["cell", "page", "table"]

MADE = "<!-- Made by `manyou docs`; change the code instead. -->"


def page(title: str, *paragraphs: str) -> str:
    """A page of these paragraphs."""
    return "\n\n".join((f"# {title}", MADE, *paragraphs)) + "\n"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell(each) for each in line)} |" for line in lines)


def cell(text: str) -> str:
    """On one line, with no bar in it."""
    return re.sub(r"\s+", " ", text.replace("``", "`")).replace("|", "\\|").strip()
