"""The reference under docs/: every setting and every error code, read off the code itself.

`manyou docs` writes it; a test fails while the files say something else than the code.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import re
import textwrap
import types
import typing
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from manyou.errors import Problem
from service.loading import PREFIX
from service.settings import Settings
from web.problems import status_of

__all__ = ["errors", "settings", "write"]

ROOMS = ("manyou", "store", "ledger", "keys", "holders", "qr", "web", "idp", "eLicense", "portal", "service")
TYPES = {int: "number", bool: "true or false", str: "text", Path: "path"}
MADE = "<!-- Made by `manyou docs`; change the code instead. -->\n"


def write(folder: Path) -> list[Path]:
    """Write settings.md and errors.md into the folder; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {folder / "settings.md": settings(), folder / "errors.md": errors()}
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")
    return list(pages)


def settings() -> str:
    """Every key of manyou.toml: type, default, meaning."""
    lines = [
        "# Settings",
        "",
        MADE,
        "Written in `manyou.toml` (`manyou --settings FILE …`), or in the environment:",
        f"`idp.oauth.code_seconds` is `{PREFIX}IDP__OAUTH__CODE_SECONDS`. Unknown keys are refused, secrets",
        "are read from files only, and `manyou settings check` reports every fault at once.",
    ]
    for title, model, rows in _tables(Settings, ""):
        lines += ["", f"## {title or 'At the top'}", "", _first_line(model), ""]
        lines += ["| key | type | default | meaning |", "|---|---|---|---|", *rows]
    return "\n".join(lines) + "\n"


def errors() -> str:
    """Every error code with its HTTP status and what to mend."""
    lines = [
        "# Error codes",
        "",
        MADE,
        "An answer carries the code and what to mend (RFC 9457, or OAuth's `error` and `error_description`);",
        "the SDK raises the class. A code never changes its meaning; pages show a sentence of their own.",
        "",
        "| code | HTTP | what to mend | raised by |",
        "|---|---|---|---|",
    ]
    found: dict[tuple[str, int, str], set[str]] = {}
    for problem in _problems():
        status = status_of(problem.__new__(problem))
        found.setdefault((problem.code, status, problem.mend), set()).add(problem.__module__.split(".")[0])
    for (code, status, mend), rooms in sorted(found.items()):
        lines.append(f"| `{code}` | {status} | {_cell(mend)} | {', '.join(sorted(rooms))} |")
    return "\n".join(lines) + "\n"


def _tables(model: type, path: str) -> Iterator[tuple[str, type, list[str]]]:
    """One table a dataclass, outer before inner."""
    hints, meanings = typing.get_type_hints(model), _meanings(model)
    rows, inner = [], []
    for field in dataclasses.fields(model):
        hint, key = hints[field.name], f"{path}{field.name}"
        if dataclasses.is_dataclass(hint):
            inner.append((f"{key}.", typing.cast("type", hint)))
        else:
            meaning = _cell(meanings.get(field.name, ""))
            rows.append(f"| `{key}` | {_type(hint)} | {_default(field)} | {meaning} |")
    if rows:
        yield path.rstrip("."), model, rows
    for below, each in inner:
        yield from _tables(each, below)


def _meanings(model: type) -> dict[str, str]:
    """What the class says of its fields: the string below a field, or `name: text` under Attributes."""
    found: dict[str, str] = {}
    body = typing.cast("ast.ClassDef", ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]).body
    for field, below in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            said = below.value if isinstance(below, ast.Expr) else None
            if isinstance(said, ast.Constant):
                found[field.target.id] = str(said.value)
    _, _, attributes = (inspect.getdoc(model) or "").partition("Attributes:\n")
    for entry in re.split(r"\n    (?=\w+: )", "\n" + attributes):
        name, _, text = entry.strip().partition(": ")
        found.setdefault(name, text)
    return found


def _type(hint: Any) -> str:
    """As an operator writes it."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return " or ".join(f"`{each}`" for each in arguments)
    if origin in (types.UnionType, typing.Union):
        return " or ".join(_type(each) for each in arguments if each is not type(None))
    if origin in (tuple, frozenset):
        return f"list of {_type(arguments[0])}"
    return TYPES[hint]


def _default(field: dataclasses.Field[Any]) -> str:
    value: Any = field.default
    if field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    if value is dataclasses.MISSING:
        return "required"
    if value is None or value in ("", (), frozenset()):
        return "none"
    if isinstance(value, tuple | frozenset):
        return f"`{', '.join(map(str, sorted(value)))}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _first_line(model: type) -> str:
    return (inspect.getdoc(model) or "").partition("\n")[0]


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("``", "`")).replace("|", "\\|").strip()


def _problems() -> list[type[Problem]]:
    """Every refusal there is, once all modules of all rooms are loaded."""
    for name in ROOMS:
        room = importlib.import_module(name)
        for module in pkgutil.walk_packages(room.__path__, f"{name}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    found: list[type[Problem]] = [Problem]
    for problem in found:
        found += [each for each in problem.__subclasses__() if each not in found]
    return [problem for problem in found if problem.__module__.split(".")[0] in ROOMS]
