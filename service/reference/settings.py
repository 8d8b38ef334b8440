"""docs/reference/settings.md: every key of manyou.toml with type, default and meaning."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import textwrap
import types
import typing
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from service.loading import PREFIX
from service.reference.writing import page, table
from service.settings import DERIVED, Settings

__all__ = ["settings"]

TYPES = {int: "number", bool: "true or false", str: "text", Path: "path"}
INTRODUCTION = f"""\
Written in `manyou.toml` (`manyou --settings FILE …`), or in the environment:
`idp.oauth.code_seconds` is `{PREFIX}IDP__OAUTH__CODE_SECONDS`, `deployment` is `{PREFIX}DEPLOYMENT`.
Unknown keys are refused, secrets are read from files only (mode 0600), and `manyou settings check` reports
every fault at once. Names that end in `_seconds`, `_after`, `_ahead`, `_ttl` or `_life` are seconds. What
follows from another setting is not set by itself."""


def settings() -> str:
    """The page."""
    parts = []
    for title, model, rows in _tables(Settings, ""):
        parts += [f"## {title or 'At the top'}", (inspect.getdoc(model) or "").partition("\n")[0]]
        parts.append(table(("key", "type", "default", "meaning"), rows))
    return page("Settings", INTRODUCTION, *parts)


def _tables(model: type, path: str) -> Iterator[tuple[str, type, list[tuple[str, ...]]]]:
    """One table a dataclass, outer before inner."""
    hints, meanings = typing.get_type_hints(model), _meanings(model)
    rows: list[tuple[str, ...]] = []
    inner = []
    for field in dataclasses.fields(model):
        hint, key = hints[field.name], f"{path}{field.name}"
        if dataclasses.is_dataclass(hint):
            inner.append((f"{key}.", typing.cast("type", hint)))
        else:
            told = f"follows from `{DERIVED[key]}`" if key in DERIVED else _default(field)
            rows.append((f"`{key}`", _type(hint), told, meanings.get(field.name, "")))
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
