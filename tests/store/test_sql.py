"""Rendering a statement for psycopg."""

from __future__ import annotations

import pytest

from store import SQL


@pytest.mark.parametrize(
    ("text", "numbered", "names"),
    [
        ("SELECT :a, :b, :a", b"SELECT $1, $2, $1", ("a", "b")),
        (
            "SELECT ':a', \":b\", x::text, :c -- :d\n, :e",
            b"SELECT ':a', \":b\", x::text, $1 -- :d\n, $2",
            ("c", "e"),
        ),
        ("SELECT 'it''s :a' WHERE x % 2 = :n", b"SELECT 'it''s :a' WHERE x % 2 = $1", ("n",)),
        ("SELECT 1", b"SELECT 1", ()),
    ],
)
def test_parameters_are_numbered_and_nothing_else_is_touched(
    text: str, numbered: bytes, names: tuple[str, ...]
) -> None:
    sql = SQL(text)
    assert sql == text
    assert sql.numbered == numbered
    assert sql.names == names


def test_only_a_plain_insert_becomes_copy() -> None:
    assert SQL("INSERT INTO t (a, b) VALUES (:x, :y)").copy == (b"COPY t (a, b) FROM STDIN", ("x", "y"))
    assert SQL("INSERT INTO t (a) VALUES (:x) ON CONFLICT DO NOTHING").copy is None
    assert SQL("INSERT INTO t (a) VALUES (1)").copy is None
