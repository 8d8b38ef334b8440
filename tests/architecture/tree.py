"""The files of this checkout, as git sees them, and what Python says of them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

__all__ = ["PACKAGES", "ROOMS", "ROOT", "files", "parsed", "python", "text"]

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("service", "idp", "eLicense", "portal", "web", "qr", "holders", "keys", "ledger", "store")
PACKAGES = (*(ROOT / room for room in ROOMS), ROOT / "sdk/python/src/manyou")


def files() -> list[Path]:
    """Every file that is or would be committed."""
    listed = subprocess.run(
        [
            *("git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT)),
            *("ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        ],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    found = [ROOT / name for name in sorted(set(listed.split("\0"))) if name]
    return [path for path in found if path.is_file()]


def text(path: Path) -> str | None:
    """The file's text; None for pictures and other binary files."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return None


def python() -> Iterator[Path]:
    """The Python files of the house itself: its rooms and the SDK."""
    for package in PACKAGES:
        yield from sorted(path for path in package.rglob("*.py") if "__pycache__" not in path.parts)


def parsed(path: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(path.read_text("utf-8"), filename=str(path))
