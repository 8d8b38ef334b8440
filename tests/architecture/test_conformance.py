"""Every module of the suite's profiles is shown by a test or excused, and the page tells which."""

from __future__ import annotations

from pathlib import Path

from tests.architecture import conformance
from tests.architecture.conformance import Module, Profile

LISTED = conformance.profiles(conformance.FILE.read_text("utf-8"))


def test_every_module_is_shown_or_excused() -> None:
    assert conformance.faults(LISTED, conformance.shown(conformance.tests())) == []


def test_the_page_is_in_step() -> None:
    made = conformance.page(LISTED, conformance.shown(conformance.tests()))
    assert conformance.PAGE.read_text("utf-8") == made, "run `python -m tests.architecture.conformance`"


def test_no_profile_names_a_module_twice_and_an_excuse_is_a_sentence() -> None:
    for profile in LISTED:
        names = [module.name for module in profile.modules]
        assert len(set(names)) == len(names) > 0, profile.title
        assert [each.name for each in profile.modules if each.excuse and not each.excuse.endswith(".")] == []


def test_what_is_missing_is_found(tmp_path: Path) -> None:
    file = tmp_path / "test_x.py"
    file.write_text(
        '@pytest.mark.module("a", also="v")\n'
        '@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.module("b", "c")), 2])\n'
        "def test_it(x): ...\n"
    )
    assert [name for name, _ in conformance.marked(file)] == ["a", "a[v]", "b", "c"]
    listed = conformance.profiles("# why\n== One\na\na[v]\nb: It cannot.\nd\n")
    assert listed == [Profile("One", (Module("a"), Module("a[v]"), Module("b", "It cannot."), Module("d")))]
    found = {name: ["t"] for name, _ in conformance.marked(file)}
    assert [each.split(" (")[0] for each in conformance.faults(listed, found)] == [
        "d: shown by no test",
        "b: excused, and shown",
        "c: no such module",
    ]
    assert "| `b` | It cannot. |" in conformance.page(listed, found)
