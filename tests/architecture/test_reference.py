"""The reference under docs/ says what the code says, and leaves no setting, error or route unexplained."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from service import reference
from service.reference.errors import MENDS
from tests.architecture import tree

FOLDER = tree.ROOT / "docs/reference"


def stale(written: Path, made: Path) -> Iterator[str]:
    """Pages that `manyou docs` would write otherwise, or that nobody makes any more."""
    names = {path.name for path in reference.write(made)}
    for name in sorted(names | {path.name for path in written.glob("*.md")}):
        old, new = written / name, made / name
        if not old.exists() or not new.exists() or old.read_bytes() != new.read_bytes():
            yield f"{name}: run `manyou docs`"


def unexplained(page: str) -> list[str]:
    """Table rows that leave a cell empty."""
    return [line for line in page.splitlines() if line.startswith("| ") and "|  |" in line]


def test_the_reference_is_what_the_code_says(tmp_path: Path) -> None:
    assert list(stale(FOLDER, tmp_path)) == []


def test_every_row_is_explained() -> None:
    assert {name: unexplained(page) for name, page in reference.pages().items() if unexplained(page)} == {}


def test_what_to_mend_stands_in_chinese_for_every_code_and_for_no_other() -> None:
    """test_every_row_is_explained finds a code without; in English it must be OAuth's ASCII."""
    page = reference.pages()["errors.md"]
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| `")]
    told = tomllib.loads(MENDS.read_text("utf-8"))
    assert set(told) == {row[0].removeprefix("| ").strip("`") for row in rows}
    assert [code for code, mend in told.items() if not re.search("[\u4e00-\u9fff].*。$", mend)] == []
    assert [row[0] for row in rows if not row[4].isascii() or not row[4].endswith(".")] == []


def test_a_stale_reference_is_found(tmp_path: Path) -> None:
    written, made = tmp_path / "written", tmp_path / "made"
    *_, page = reference.write(written)
    page.write_text(page.read_text("utf-8") + "| `idp.gone` | number | `1` |  |\n", "utf-8")
    (written / "left.md").write_text("# Left over\n", "utf-8")
    assert [row.split(":")[0] for row in stale(written, made)] == ["left.md", page.name]
    assert unexplained(page.read_text("utf-8"))[-1].startswith("| `idp.gone`")
