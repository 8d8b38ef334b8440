"""No tracked file names a package registry or a machine's path, so the checkout builds anywhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.architecture import tree

# Written apart, so that this file does not hold what it looks for.
REGISTRIES = [
    *("pypi" + end for end in (".org", ".python.org", ".tuna")),
    "python" + "hosted.org",
    *("registry." + end for end in ("npmjs", "npmmirror", "yarnpkg")),
    *("deb" + end for end in (".debian.org", ".nodesource")),
    "proxy." + "golang.org",
    *("repo." + end for end in ("maven", "anaconda")),
    "crates" + ".io",
]
MACHINE_PATHS = [
    r"(?<![\w.])/" + folder + "/"
    for folder in (
        "ro" + "ot",
        "ho" + r"me/\w+",
        "wo" + r"rk/\w+",
        "fa" + "rm",
        "Us" + r"ers/\w+",
        "opt/wh" + "eels",
    )
]
MACHINE_PATHS.append("/t" + "mp/(bash_jobs|m/)")
FORBIDDEN = re.compile("|".join([re.escape(host) for host in REGISTRIES] + MACHINE_PATHS))


def addresses(paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        for number, line in enumerate((tree.text(path) or "").splitlines(), 1):
            if found := FORBIDDEN.search(line):
                yield f"{path}:{number}: {found.group()}"


def locks_with_addresses(paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        if path.name == "uv.lock":
            yield f"{path}: requirements/ holds the locks"
        if path.name == "package-lock.json":
            packages = json.loads(path.read_text())["packages"]
            yield from (f"{path}: {name}" for name, entry in packages.items() if "resolved" in entry)
        if path.parent.name == "requirements" and path.suffix == ".txt":
            for line in path.read_text().splitlines():
                if line.startswith(("-", "--")) or "://" in line or " @ " in line:
                    yield f"{path}: {line}"


def test_no_registry_and_no_machine_path() -> None:
    assert list(addresses(tree.files())) == []


def test_locks_hold_hashes_and_no_address() -> None:
    paths = tree.files()
    assert list(locks_with_addresses(paths)) == []
    locks = {path.name for path in paths if path.parent.name == "requirements"}
    assert locks == {"bootstrap.txt", "run.txt", "test.txt"}
    for name in locks:
        entries = re.split(r"\n(?=\S)", (tree.ROOT / "requirements" / name).read_text())
        assert all("--hash=sha256:" in entry for entry in entries if entry.strip()), name


@pytest.mark.parametrize(
    "line",
    [
        "index-url = https://pypi" + ".org/simple",
        "https://registry." + "npmjs.org/koa",
        "path = /ro" + "ot/.cache",
        "see /wo" + "rk/main/README.md",
        "/ho" + "me/li/manyou",
    ],
)
def test_a_registry_or_path_is_found(tmp_path: Path, line: str) -> None:
    path = tmp_path / "notes.md"
    path.write_text(f"fine\n{line}\n")
    assert len(list(addresses([path]))) == 1


def test_ordinary_addresses_pass(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("https://openid.net/specs/ and /var/lib/manyou and ./work/ and homework/home/\n")
    assert list(addresses([path])) == []


def test_locks_that_carry_addresses_are_found(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements"
    requirements.mkdir()
    (requirements / "run.txt").write_text(
        "--find-links wheels\nflask @ https://example.org/flask.whl\nflask==3.1.3\n"
    )
    (tmp_path / "package-lock.json").write_text(
        '{"packages": {"node_modules/koa": {"resolved": "x"}, "": {}}}'
    )
    (tmp_path / "uv.lock").write_text("")
    paths = [requirements / "run.txt", tmp_path / "package-lock.json", tmp_path / "uv.lock"]
    assert len(list(locks_with_addresses(paths))) == 4
