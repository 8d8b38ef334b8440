"""From ``manyou.toml`` and the environment to one tree of frozen dataclasses.

1. Defaults stand in the dataclasses.
2. The file overrides them: ``[idp.oauth]`` ``code_seconds = 30``.
3. The environment overrides the file: ``MANYOU_IDP__OAUTH__CODE_SECONDS=30``.

An unknown key is refused, a value of the wrong type is refused, and every fault is reported at once.
"""

from __future__ import annotations

import dataclasses
import tomllib
import types
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from manyou.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PREFIX", "SettingsFault", "load", "read_tree"]

PREFIX = "MANYOU_"
T = TypeVar("T")


class SettingsFault(Problem):
    """The settings cannot be used; ``faults`` names every reason."""

    code = "settings_fault"
    mend = "Mend every setting that is named and start again."

    def __init__(self, faults: list[str]) -> None:
        super().__init__(detail="; ".join(faults))
        self.faults = faults


def read_tree(file: Path | None, environ: Mapping[str, str]) -> dict[str, Any]:
    """The file's values with the environment's over them, not yet checked."""
    try:
        tree: dict[str, Any] = tomllib.loads(file.read_text("utf-8")) if file is not None else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsFault([f"{file}: {error}"]) from error
    for name, text in environ.items():
        if name.startswith(PREFIX) and "__" in name:
            _place(tree, name.removeprefix(PREFIX).lower().split("__"), text)
    return tree


def load(model: type[T], tree: Mapping[str, Any]) -> T:
    """Build the settings from a tree of values.

    Raises:
        SettingsFault: unknown keys, wrong types, missing values; all of them.

    """
    faults: list[str] = []
    value = _build(model, tree, "", faults)
    if faults:
        raise SettingsFault(faults)
    return typing.cast("T", value)


def _place(tree: dict[str, Any], path: list[str], text: str) -> None:
    for part in path[:-1]:
        below = tree.setdefault(part, {})
        if not isinstance(below, dict):
            return
        tree = below
    tree[path[-1]] = text


def _build(model: type, tree: Mapping[str, Any], where: str, faults: list[str]) -> Any:
    hints = typing.get_type_hints(model)
    fields = {field.name: field for field in dataclasses.fields(model)}
    faults.extend(f"{where}{name}: no such setting" for name in tree if name not in fields)
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in tree:
            values[name] = _value(hints[name], tree[name], f"{where}{name}", faults)
        elif dataclasses.is_dataclass(hints[name]) and _required(field):
            values[name] = _build(typing.cast("type", hints[name]), {}, f"{where}{name}.", faults)
        elif _required(field):
            faults.append(f"{where}{name}: missing")
    if faults:
        return None
    try:
        return model(**values)
    except ValueError as error:  # a dataclass may refuse a dangerous combination in __post_init__
        faults.append(f"{where.rstrip('.') or 'settings'}: {error}")
        return None


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _value(hint: Any, value: Any, where: str, faults: list[str]) -> Any:
    if dataclasses.is_dataclass(hint):
        if isinstance(value, dict):
            return _build(typing.cast("type", hint), value, f"{where}.", faults)
        faults.append(f"{where}: a table is meant")
        return None
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        inner = next(each for each in arguments if each is not type(None))
        return None if value in (None, "") else _value(inner, value, where, faults)
    if origin is typing.Literal:
        return _literal(arguments, value, where, faults)
    if origin in (tuple, frozenset):
        items = value.split(",") if isinstance(value, str) else value
        if not isinstance(items, list):
            faults.append(f"{where}: a list is meant")
            return None
        return origin(_value(arguments[0], item, where, faults) for item in items)
    return _scalar(hint, value, where, faults)


def _literal(allowed: tuple[Any, ...], value: Any, where: str, faults: list[str]) -> Any:
    if value not in allowed:
        faults.append(f"{where}: one of {', '.join(map(str, allowed))} is meant")
    return value


def _scalar(hint: Any, value: Any, where: str, faults: list[str]) -> Any:
    if hint is bool:
        if value in (True, False) and isinstance(value, bool):
            return value
        if value in ("true", "false"):
            return value == "true"
    elif hint is int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lstrip("-").isascii() and value.lstrip("-").isdigit():
            return int(value)
    elif hint is Path and isinstance(value, str):
        return Path(value)
    elif hint is str and isinstance(value, str):
        return value
    faults.append(f"{where}: {getattr(hint, '__name__', hint)} is meant")
    return None
