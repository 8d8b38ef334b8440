"""What a durable store promises: SQL texts, the transaction a work gets, and the store that runs works.

A *work* is a function of one transaction. It does nothing but SQL, takes at most a millisecond and may run
again (group failure, deadlock, serialization conflict), so clock, randomness, signing and HTTP stay outside.
Returning from `Durable.write` means durable; raising inside a work undoes that work only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, Protocol, Self, TypeVar

__all__ = ["SQL", "Durable", "Engine", "Row", "Tx", "Value"]

T = TypeVar("T")
Value = int | str | bytes | None
Row = tuple[Any, ...]
Engine = Literal["sqlite", "postgres"]

# Literals, quoted names, comments and casts are passed over, so that a colon in them names no parameter.
_TOKEN = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|::|:([a-zA-Z_][a-zA-Z0-9_]*)")
_PLAIN_INSERT = re.compile(
    r"\s*INSERT\s+INTO\s+(\w+)\s*\(([\w\s,]+)\)\s*VALUES\s*\(((?:\s*:\w+\s*,?)+)\)\s*", re.IGNORECASE
)


class SQL(str):
    """One statement with `:name` parameters, rendered for psycopg's raw cursor once, at construction.

    `numbered` is the text with `$1`, `$2` …; `names` says which parameter each number is; `copy` is the
    `COPY … FROM STDIN` of a plain `INSERT INTO t (…) VALUES (:…)`, with its names, or None.
    """

    __slots__ = ("copy", "names", "numbered")

    numbered: bytes
    names: tuple[str, ...]
    copy: tuple[bytes, tuple[str, ...]] | None

    def __new__(cls, text: str) -> Self:
        """Take the text of one statement; the same name may stand in it more than once."""
        self = super().__new__(cls, text)
        names: dict[str, int] = {}

        def number(match: re.Match[str]) -> str:
            name = match.group(1)
            return match.group(0) if name is None else f"${names.setdefault(name, len(names) + 1)}"

        self.numbered = _TOKEN.sub(number, text).encode()
        self.names = tuple(names)
        plain = _PLAIN_INSERT.fullmatch(text)
        self.copy = plain and (
            f"COPY {plain[1]} ({plain[2]}) FROM STDIN".encode(),
            tuple(name.strip().lstrip(":") for name in plain[3].split(",")),
        )
        return self


class Tx(Protocol):
    """One transaction. After a failed statement every further call fails too: a work cannot go on past it."""

    def run(self, sql: SQL, /, **p: Value) -> int:
        """Execute and return the number of rows changed."""

    def later(self, sql: SQL, /, **p: Value) -> None:
        """Execute a statement whose row count decides nothing, with the next one or the commit.

        Its failure is raised then, and undoes the work like any other.
        """

    def row(self, sql: SQL, /, **p: Value) -> Row | None:
        """Return the first row, or None."""

    def rows(self, sql: SQL, /, **p: Value) -> list[Row]:
        """Return all rows."""

    def load(self, sql: SQL, rows: Iterable[Mapping[str, Value]], /) -> None:
        """Insert many rows; a plain INSERT becomes COPY on PostgreSQL."""

    def script(self, text: str, /) -> None:
        """Execute several statements without parameters: migrations and maintenance only."""


class Durable(Protocol):
    """A durable store; every failure of the database surfaces as `manyou.errors.Unavailable`."""

    @property
    def engine(self) -> Engine:
        """Which SQL dialect it speaks, for the few statements that differ."""

    def write(self, work: Callable[[Tx], T], /) -> T:
        """Run the work and return its result once it is durable. Works do not nest."""

    def read(self, work: Callable[[Tx], T], /) -> T:
        """Run the work on one consistent snapshot; it may change nothing."""

    def time(self) -> float:
        """Return the store's own clock in unix seconds, which workers compare theirs with."""

    def close(self) -> None:
        """Finish what was submitted and release everything; later calls raise Unavailable."""
