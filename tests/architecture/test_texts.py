"""Every text that a page asks for stands in one catalogue, in both languages; none is left over."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.architecture import tree

KEY = re.compile(r"[a-z][a-z0-9_]*\.[a-z0-9_]+")
ASKED = re.compile(r"""\bt(?:\.plain|\.pair)?\(\s*["']([^"']+)["']\s*(~)?""")
LITERAL = re.compile(r"""["']([a-z][a-z0-9_]*\.[a-z0-9_]*)["']""")
CHINESE = re.compile(r"[\u3400-\u9fff]")
PLACES = re.compile(r"\{(\w+)\}")


def catalogue(files: Iterable[Path]) -> dict[str, list[str]]:
    """All keys with their texts; a key of two rooms comes back with all four of them."""
    found: dict[str, list[str]] = {}
    for path in files:
        for section, entries in tomllib.loads(path.read_text("utf-8")).items():
            for name, texts in entries.items():
                found.setdefault(f"{section}.{name}", []).extend(texts)
    return found


def faults(texts: dict[str, list[str]]) -> Iterator[str]:
    """Keys without exactly one Chinese and one English text, or whose places differ."""
    for key, pair in texts.items():
        if len(pair) != 2 or not all(pair):
            yield f"{key}: one Chinese and one English text"
        elif not KEY.fullmatch(key):
            yield f"{key}: section.name"
        elif set(PLACES.findall(pair[0])) != set(PLACES.findall(pair[1])):
            yield f"{key}: both languages name the same places"
        elif CHINESE.search(pair[1]):
            yield f"{key}: Chinese in the English text"


def asked(files: Iterable[Path]) -> set[str]:
    """Keys that a `t("…")` names; `t("site." ~ site)` gives the beginning `site.`."""
    found: set[str] = set()
    for path in files:
        if path.suffix != ".py":
            found.update(match[1] for match in ASKED.finditer(path.read_text("utf-8")))
            continue
        for node in ast.walk(tree.parsed(path)):  # not by text: docstrings show examples
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                key = node.args[0].value
                if name in {"t", "plain", "pair"} and isinstance(key, str) and KEY.fullmatch(key):
                    found.add(key)
    return found


def named(files: Iterable[Path]) -> set[str]:
    """Whatever could be a key, or the beginning of one, in a file's string literals."""
    found: set[str] = set()
    for path in files:
        content = path.read_text("utf-8")
        found.update(LITERAL.findall(content))
        if path.suffix == ".py":
            for node in ast.walk(ast.parse(content)):
                if (
                    isinstance(node, ast.JoinedStr)
                    and node.values
                    and isinstance(node.values[0], ast.Constant)
                ):
                    found.add(str(node.values[0].value))
    return found


def error_codes(files: Iterable[Path]) -> set[str]:
    """The `code = "…"` of every class: a page shows the text `problem.<code>`."""
    codes: set[str] = set()
    for path in files:
        for node in ast.walk(tree.parsed(path)):
            if isinstance(node, ast.ClassDef):
                for line in node.body:
                    target = (
                        line.targets[0] if isinstance(line, ast.Assign) else getattr(line, "target", None)
                    )
                    value = getattr(line, "value", None)
                    if (
                        isinstance(target, ast.Name)
                        and target.id == "code"
                        and isinstance(value, ast.Constant)
                    ):
                        codes.add(str(value.value))
    return codes


def missing(texts: dict[str, list[str]], asked_for: set[str]) -> list[str]:
    return sorted(
        key
        for key in asked_for
        if key not in texts and not (key.endswith((".", "_")) and any(text.startswith(key) for text in texts))
    )


def unused(texts: dict[str, list[str]], names: set[str], codes: set[str]) -> list[str]:
    beginnings = tuple(
        name for name in names if re.fullmatch(r"[a-z][a-z0-9_]*\.(\w*_)?", name) and name != "problem."
    )
    return sorted(
        key
        for key in texts
        if key not in names and not key.startswith(beginnings) and key.removeprefix("problem.") not in codes
    )


def catalogues() -> list[Path]:
    return [path for path in tree.files() if path.name == "texts.toml"]


def templates() -> list[Path]:
    return [
        path
        for path in tree.files()
        if path.suffix in {".html", ".svg", ".txt"} and "templates" in path.parts
    ]


def test_every_text_has_both_languages_once() -> None:
    assert list(faults(catalogue(catalogues()))) == []


def test_every_key_that_is_asked_for_exists() -> None:
    assert missing(catalogue(catalogues()), asked([*templates(), *tree.python()])) == []


def test_no_text_is_left_over() -> None:
    sources = [*templates(), *tree.python()]
    assert unused(catalogue(catalogues()), named(sources), error_codes(tree.python())) == []


def test_what_breaks_the_catalogue_is_found(tmp_path: Path) -> None:
    texts, page, code = (tmp_path / name for name in ("texts.toml", "page.html", "errors.py"))
    texts.write_text(
        "[login]\n"
        'title = ["登录", "Log in"]\n'
        'only_english = ["Log in"]\n'
        'place = ["还有 {seconds} 秒", "Wait"]\n'
        'chinese = ["登录", "登录"]\n'
        "[problem]\n"
        'known_code = ["错误", "Fault"]\n'
        'stale_code = ["错误", "Fault"]\n'
        "[state]\n"
        'live = ["有效", "Valid"]\n'
    )
    page.write_text(
        '{{ t("login.title") }} {{ t.plain("login.absent") }} {{ t("state." ~ state) }} {{ t("nil." ~ x) }}'
    )
    code.write_text('class Refused(Problem):\n    code = "known_code"\n    mend: str = "x"\n')
    found = catalogue([texts])
    assert [row.split(":")[0] for row in faults(found)] == [
        "login.only_english",
        "login.place",
        "login.chinese",
    ]
    assert missing(found, asked([page])) == ["login.absent", "nil."]
    left = unused(found, named([page, code]), error_codes([code]))
    assert left == ["login.chinese", "login.only_english", "login.place", "problem.stale_code"]
    assert len(catalogue([texts, texts])["login.title"]) == 4
