"""A registry file, line by line: CSV with a header, or JSON lines. A bad line is told and passed over."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from idp.errors import RegistryFileUnreadable
from idp.people.registry_rows import COLUMNS, BadValue, RegistryLine, read_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["BadLine", "read_file"]

LONGEST_LINE: Final = 65_536
"""Bytes; a longer one is no row, and is not kept in memory."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was not taken over; the reason holds no value of it."""

    line: int
    reason: str


def read_file(path: Path) -> Iterator[RegistryLine | BadLine]:
    """Every line of the file in order.

    Raises:
        RegistryFileUnreadable: the file as a whole is neither of the two forms.

    """
    try:
        with path.open("rb") as file:
            begin = file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError as error:
        raise RegistryFileUnreadable(detail=type(error).__name__) from error
    return _json_lines(path) if begin.startswith(b"{") else _csv(path)


def _read(line: int, values: Mapping[str, object]) -> RegistryLine | BadLine:
    try:
        return read_line(line, values)
    except BadValue as error:
        return BadLine(line, str(error))


def _json_lines(path: Path) -> Iterator[RegistryLine | BadLine]:
    with path.open("rb") as file:
        line = 0
        while raw := file.readline(LONGEST_LINE + 1):
            line += 1
            if len(raw) > LONGEST_LINE:
                while raw and not raw.endswith(b"\n"):
                    raw = file.readline(LONGEST_LINE)
                yield BadLine(line, f"longer than {LONGEST_LINE} bytes")
                continue
            raw = raw.removeprefix(b"\xef\xbb\xbf").strip()
            if not raw:
                continue
            try:
                values = msgspec.json.decode(raw, type=dict[str, object])
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                yield BadLine(line, "not one JSON object in UTF-8")
                continue
            yield _read(line, values)


def _csv(path: Path) -> Iterator[RegistryLine | BadLine]:
    # what is not UTF-8 becomes lone surrogates, which the row's check refuses: one bad line, not a bad file
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            header = [name.strip() for name in next(reader, [])]
        except csv.Error as error:
            raise RegistryFileUnreadable(detail="header") from error
        if "kind" not in header or len(set(header)) < len(header) or not set(header) <= {*COLUMNS}:
            raise RegistryFileUnreadable(detail="header")
        while True:
            line = reader.line_num + 1
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield BadLine(line, "not a line of CSV")
                continue
            if not values:
                continue
            if len(values) != len(header):
                yield BadLine(line, f"{len(values)} values, the header names {len(header)}")
                continue
            yield _read(line, dict(zip(header, values, strict=True)))
