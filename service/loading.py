"""From ``manyou.toml`` and the environment to one tree of frozen dataclasses.

1. Defaults stand in the dataclasses.
2. The file overrides them: ``[idp.oauth]`` ``code_seconds = 30``.
3. The environment overrides the file: ``MANYOU_IDP__OAUTH__CODE_SECONDS=30``, ``MANYOU_ENVIRONMENT=…``.

An unknown key is refused, a value of the wrong type is refused, and every fault is reported at once. Names in
the environment without ``__`` that are no setting at the top are left alone: orchestrators put theirs there.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
import types
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from manyou.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["PREFIX", "SettingsFault", "build", "read_tree"]

PREFIX = "MANYOU_"
_NUMBER = re.compile(r"-?[0-9]{1,15}", re.ASCII)
T = TypeVar("T")


class SettingsFault(Problem):
    """The settings cannot be used; ``faults`` names every reason."""

    code = "settings_fault"
    mend = "Mend every setting that is named and start again."

    def __init__(self, faults: list[str]) -> None:
        super().__init__(detail="; ".join(faults))
        self.faults = faults


def read_tree(
    file: Path | None, environ: Mapping[str, str], top: Collection[str], faults: list[str]
) -> dict[str, Any]:
    """The file's values with the environment's over them, not yet checked.

    Args:
        file: ``manyou.toml``, if there is one.
        environ: the process's environment.
        top: names of the settings that stand in no table.
        faults: what is wrong is added here.

    """
    tree: dict[str, Any] = {}
    if file is not None:
        try:
            tree = tomllib.loads(file.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            faults.append(f"{file}: {error}")
    for name, text in environ.items():
        path = name.removeprefix(PREFIX).lower().split("__")
        if name.startswith(PREFIX) and (len(path) > 1 or path[0] in top) and not _place(tree, path, text):
            faults.append(f"{name}: lies below a setting that is no table")
    return tree


def build(model: type[T], tree: Mapping[str, Any], faults: list[str]) -> T | None:
    """The settings from a tree of values; None where something is wrong, and all of it in ``faults``."""
    return typing.cast("T | None", _build(model, tree, "", faults))


def _place(tree: dict[str, Any], path: list[str], text: str) -> bool:
    for part in path[:-1]:
        below = tree.setdefault(part, {})
        if not isinstance(below, dict):
            return False
        tree = below
    tree[path[-1]] = text
    return True


def _build(model: type, tree: Mapping[str, Any], where: str, faults: list[str]) -> Any:
    """One dataclass; what is wrong in one does not hide what is wrong in the next."""
    before = len(faults)
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
    if len(faults) > before:
        return None
    try:
        return model(**values)
    except ValueError as error:  # a room refuses a dangerous combination; it tells all of them, joined
        told = str(error).split("; ")
        faults.extend(fault if fault.startswith(where) else f"{where}{fault}" for fault in told)
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
        return None if value == "" else _value(inner, value, where, faults)
    if origin is typing.Literal:
        if value not in arguments:
            faults.append(f"{where}: one of {', '.join(map(str, arguments))} is meant")
        return value
    if origin in (tuple, frozenset):
        items = [item.strip() for item in value.split(",") if item] if isinstance(value, str) else value
        if not isinstance(items, list):
            faults.append(f"{where}: a list is meant")
            return None
        return origin(_value(arguments[0], item, where, faults) for item in items)
    return _scalar(hint, value, where, faults)


def _scalar(hint: Any, value: Any, where: str, faults: list[str]) -> Any:
    if hint is bool:
        if isinstance(value, bool):
            return value
        if value in ("true", "false"):
            return value == "true"
    elif hint is int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            return int(value)
    elif hint is Path and isinstance(value, str) and value:
        return Path(value)
    elif hint is str and isinstance(value, str):
        return value
    faults.append(f"{where}: {_MEANT[hint]} is meant")
    return None


_MEANT = {bool: "true or false", int: "a whole number", Path: "a path", str: "a text"}
