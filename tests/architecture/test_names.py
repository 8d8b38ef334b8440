"""Modules are named for their subject, say what they export, and tests use real parts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.architecture import tree

DRAWERS = {"helpers", "helper", "utils", "util", "core", "common", "misc"}
MIGRATION = re.compile(
    r"(?P<number>\d{4})_(?P<room>[A-Za-z]+?)(?:_(?P<what>\w+))?(?:\.(?P<engine>sqlite|postgres))?\.sql"
)
UNREASONED = re.compile(r"pytest\.(mark\.)?(skip|skipif|xfail)\b(?!.*reason=)(?!\(\s*[\"'])")
PATCHING = re.compile(r"unittest\.mock|from unittest import mock|monkeypatch\.setattr|\bmocker\b")


def drawers(paths: Iterable[Path]) -> Iterator[str]:
    yield from (str(path) for path in paths if path.stem in DRAWERS or path.parent.name in DRAWERS)


def without_all(paths: Iterable[Path]) -> Iterator[str]:
    """Modules that define something and do not say what is public."""
    for path in paths:
        body = tree.parsed(path).body
        defines = any(
            isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign) for node in body
        )
        names = {
            target.id
            for node in body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        names |= {
            node.target.id
            for node in body
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        }
        if defines and "__all__" not in names and path.name != "__main__.py":
            yield str(path)


def misnumbered(paths: Iterable[Path]) -> Iterator[str]:
    """Migrations out of the one sequence, or with a dialect whose twin is missing."""
    numbered: dict[str, set[str | None]] = {}
    stems: dict[str, set[str]] = {}
    for path in paths:
        if (found := MIGRATION.fullmatch(path.name)) is None or found["room"] not in tree.ROOMS:
            yield f"{path}: NNNN_room_what[.sqlite|.postgres].sql"
            continue
        numbered.setdefault(found["number"], set()).add(found["engine"])
        stems.setdefault(found["number"], set()).add(path.name.split(".")[0])
    for number, engines in numbered.items():
        if len(stems[number]) > 1 or engines not in ({None}, {"sqlite", "postgres"}):
            yield f"{number}: {sorted(stems[number])} {sorted(map(str, engines))}"


def unreal(paths: Iterable[Path]) -> Iterator[str]:
    """Tests that skip without saying why, or that patch what they test."""
    for path in paths:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if UNREASONED.search(line) or PATCHING.search(line):
                yield f"{path}:{number}: {line.strip()}"


def written_tests() -> list[Path]:
    return [
        path
        for path in tree.files()
        if "tests" in path.parts and path.suffix == ".py" and path != Path(__file__)
    ]


def test_no_drawers() -> None:
    assert list(drawers(tree.python())) == []


def test_every_module_names_its_public_surface() -> None:
    assert list(without_all(tree.python())) == []


def test_migrations_are_one_sequence() -> None:
    assert list(misnumbered(sorted((tree.ROOT / "store/migrations").glob("*.sql")))) == []


def test_tests_use_real_parts_and_say_why_they_skip() -> None:
    assert list(unreal(written_tests())) == []


def test_what_breaks_these_rules_is_found(tmp_path: Path) -> None:
    drawer, bare, exporting, unreal_test = (
        tmp_path / name for name in ("utils.py", "bare.py", "ok.py", "test_x.py")
    )
    bare.write_text("def public(): ...\n")
    exporting.write_text('__all__ = ["public"]\ndef public(): ...\n')
    unreal_test.write_text(
        "@pytest.mark.skip\n@pytest.mark.skipif(x, reason='no server')\n    monkeypatch.setattr(a, 'b', c)\n"
    )
    assert list(drawers([drawer, bare])) == [str(drawer)]
    assert list(without_all([bare, exporting])) == [str(bare)]
    assert len(list(unreal([unreal_test]))) == 2


def test_misnumbered_migrations_are_found(tmp_path: Path) -> None:
    good = ["0001_store_begin.sql", "0002_ledger_events.sqlite.sql", "0002_ledger_events.postgres.sql"]
    assert list(misnumbered(tmp_path / name for name in good)) == []
    for bad in (
        "0001_keys_rings.sql",
        "3_keys_rings.sql",
        "0003_kitchen_sink.sql",
        "0003_keys_rings.sqlite.sql",
    ):
        assert len(list(misnumbered(tmp_path / name for name in (*good, bad)))) == 1, bad
