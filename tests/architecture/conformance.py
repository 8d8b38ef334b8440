"""Which test shows which module of the conformance suite.

``modules.txt`` names the modules, the mark ``module`` of a test (or of one of its rows) says what it shows,
with ``also="form_post"`` for the same module in that variant, and docs/conformance.md tells both;
``python -m tests.architecture.conformance`` writes it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.architecture import tree

__all__ = ["FILE", "PAGE", "Module", "Profile", "faults", "marked", "page", "profiles", "shown"]

FILE = Path(__file__).with_name("modules.txt")
PAGE = tree.ROOT / "docs/conformance.md"
HEAD = """# The conformance suite's modules, and what shows them

<!-- Made by `python -m tests.architecture.conformance`; change the tests' marks or modules.txt instead. -->

The OpenID Foundation's suite checks a provider module by module. For every module of the profiles that this
provider keeps, a black-box test of our own shows the behaviour, or one sentence says why it cannot hold. How
the suite itself is run: [Testing from outside](testing.md#the-openid-foundations-suite).
"""


@dataclass(frozen=True, slots=True)
class Module:
    """One module; ``excuse`` says why it cannot hold, where it cannot."""

    name: str
    excuse: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    title: str
    modules: tuple[Module, ...]


def profiles(text: str) -> list[Profile]:
    """What ``modules.txt`` says."""
    found: list[tuple[str, list[Module]]] = []
    for line in text.splitlines():
        if line.startswith("== "):
            found.append((line.removeprefix("== "), []))
        elif line and not line.startswith("# "):
            name, _, excuse = line.partition(": ")
            found[-1][1].append(Module(name, excuse))
    return [Profile(title, tuple(modules)) for title, modules in found]


def _names(decorator: ast.expr) -> Iterator[str]:
    """The modules that a decorator names, in a mark of the test or of its rows."""
    for node in ast.walk(decorator):
        if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.module"):
            continue
        names = [ast.literal_eval(each) for each in node.args]
        variants = [ast.literal_eval(each.value) for each in node.keywords if each.arg == "also"]
        yield from (*names, *(f"{name}[{variant}]" for variant in variants for name in names))


def marked(path: Path) -> Iterator[tuple[str, str]]:
    """Each module that a file of tests names, with the test."""
    for node in ast.walk(tree.parsed(path)):
        if isinstance(node, ast.FunctionDef):
            for name in dict.fromkeys(name for each in node.decorator_list for name in _names(each)):
                yield name, node.name


def shown(paths: Iterable[Path]) -> dict[str, list[str]]:
    """The tests of each module, as ``file::test``."""
    found: dict[str, list[str]] = {}
    for path in paths:
        for name, test in marked(path):
            found.setdefault(name, []).append(f"{path.relative_to(tree.ROOT)}::{test}")
    return found


def faults(listed: Iterable[Profile], found: dict[str, list[str]]) -> list[str]:
    """Modules neither shown nor excused, or both; and marks of none."""
    modules = {module.name: module for profile in listed for module in profile.modules}
    return [
        *(
            f"{name}: shown by no test"
            for name, each in modules.items()
            if not each.excuse and name not in found
        ),
        *(f"{name}: excused, and shown" for name, each in modules.items() if each.excuse and name in found),
        *(f"{name}: no such module ({', '.join(found[name])})" for name in found if name not in modules),
    ]


def page(listed: Iterable[Profile], found: dict[str, list[str]]) -> str:
    """docs/conformance.md."""
    parts = [HEAD]
    for profile in listed:
        excused = sum(1 for module in profile.modules if module.excuse)
        counts = f"{len(profile.modules) - excused} shown" + (f", {excused} excused" if excused else "")
        parts += [f"## {profile.title}", "", f"{len(profile.modules)} modules: {counts}.", ""]
        parts += ["| module | shown by |", "| --- | --- |"]
        for module in profile.modules:
            told = module.excuse or "<br>".join(f"`{test}`" for test in found.get(module.name, []))
            parts.append(f"| `{module.name}` | {told} |")
        parts.append("")
    return "\n".join(parts)


def tests() -> list[Path]:
    """Every file that may hold marks."""
    return [path for path in tree.files() if path.name.startswith("test_") and path.suffix == ".py"]


if __name__ == "__main__":
    PAGE.write_text(page(profiles(FILE.read_text("utf-8")), shown(tests())), "utf-8")
