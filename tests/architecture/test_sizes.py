"""No file over 600 lines, no function over 80: what grows past that is two subjects."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.architecture import tree

FILE_LINES = 600
FUNCTION_LINES = 80
WRITTEN_BY_HAND = {".py", ".js", ".mjs", ".html", ".css", ".sql"}


def too_long(paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        if path.suffix not in WRITTEN_BY_HAND:
            continue
        lines = (tree.text(path) or "").count("\n")
        if lines > FILE_LINES:
            yield f"{path}: {lines} lines"
        if path.suffix == ".py":
            for node in ast.walk(tree.parsed(path)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    size = (node.end_lineno or node.lineno) - node.lineno + 1
                    if size > FUNCTION_LINES:
                        yield f"{path}:{node.lineno} {node.name}: {size} lines"


def test_files_and_functions_are_small() -> None:
    assert list(too_long(tree.files())) == []


def test_a_long_file_and_a_long_function_are_found(tmp_path: Path) -> None:
    file, function, fine = (tmp_path / name for name in ("file.py", "function.py", "fine.py"))
    file.write_text("x = 1\n" * (FILE_LINES + 1))
    function.write_text("def long():\n" + "    x = 1\n" * FUNCTION_LINES)
    fine.write_text("def short():\n" + "    x = 1\n" * (FUNCTION_LINES - 1))
    assert [row.split(":")[0] for row in too_long([file, function, fine])] == [str(file), str(function)]
