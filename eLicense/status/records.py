"""The tables ``status_list`` and ``trust_list``, and the bits that licences put into a list."""

from __future__ import annotations

from dataclasses import dataclass

from store import SQL, Tx, publish

__all__ = [
    "NEWS",
    "ListRow",
    "all_lists",
    "bump",
    "current",
    "deviations",
    "find",
    "issued_at",
    "open_next",
    "trust_version",
]

NEWS = "status-list"
"""Kind of the news that a list changed; the subject is its number, 8 bytes."""

_CURRENT = SQL("SELECT number, size FROM status_list ORDER BY number DESC LIMIT 1")
_OPEN = SQL("""
    INSERT INTO status_list (number, size, version, published_at) VALUES (:number, :size, 1, 0)
    ON CONFLICT DO NOTHING""")
_ALL = SQL("SELECT number FROM status_list ORDER BY number")
_FIND = SQL("SELECT number, size, version, published_at FROM status_list WHERE number = :number")
_BUMP = SQL("UPDATE status_list SET version = version + 1 WHERE number = :number")
_ISSUE = SQL("UPDATE status_list SET published_at = :now WHERE number = :number AND published_at < :now")
# What stands as valid in the row needs no look, but for those whose time is over.
_DEVIATIONS = SQL("""
    SELECT status_index, state, valid_ends FROM licence
    WHERE status_list = :number AND (state <> 'valid' OR (valid_ends > 0 AND valid_ends <= :now))""")
_TRUST = SQL("SELECT version, digest, made_at FROM trust_list WHERE id = 1")
_TRUST_FIRST = SQL("""
    INSERT INTO trust_list (id, version, digest, made_at) VALUES (1, 1, :digest, :now)
    ON CONFLICT DO NOTHING""")
_TRUST_NEXT = SQL("""
    UPDATE trust_list SET version = version + 1, digest = :digest, made_at = :now
    WHERE id = 1 AND digest <> :digest""")


@dataclass(frozen=True, slots=True)
class ListRow:
    """One row of ``status_list``."""

    number: int
    size: int
    version: int
    published_at: int


def current(tx: Tx) -> tuple[int, int] | None:
    """Number and size of the list that new licences go into."""
    row = tx.row(_CURRENT)
    return (row[0], row[1]) if row else None


def open_next(tx: Tx, number: int, size: int, now: int) -> None:
    """Open a list; harmless where another worker has."""
    if tx.run(_OPEN, number=number, size=size):
        publish(tx, NEWS, number.to_bytes(8, "big"), now)


def all_lists(tx: Tx) -> list[int]:
    """Every list's number."""
    return [int(row[0]) for row in tx.rows(_ALL)]


def find(tx: Tx, number: int) -> ListRow | None:
    """One list's row."""
    row = tx.row(_FIND, number=number)
    return ListRow(*row) if row else None


def bump(tx: Tx, number: int, now: int) -> None:
    """Say, in the work that changes an entry, that the list has changed."""
    tx.run(_BUMP, number=number)
    publish(tx, NEWS, number.to_bytes(8, "big"), now)


def issued_at(tx: Tx, number: int, now: int) -> int | None:
    """Take ``now`` for the list's next token, or what was taken last where that is later; None: no list."""
    tx.run(_ISSUE, number=number, now=now)
    row = find(tx, number)
    return row.published_at if row else None


def deviations(tx: Tx, number: int, now: int) -> list[tuple[int, str, int]]:
    """(index, recorded state, end of validity) of every licence of the list that may not be plainly valid."""
    return [(index, state, ends) for index, state, ends in tx.rows(_DEVIATIONS, number=number, now=now)]


def trust_version(tx: Tx, digest: bytes, now: int) -> tuple[int, int]:
    """(version, made at) of the list whose content has the digest; another content raises the version."""
    if not tx.run(_TRUST_FIRST, digest=digest, now=now):
        tx.run(_TRUST_NEXT, digest=digest, now=now)
    row = tx.row(_TRUST)
    return (row[0], row[2]) if row else (1, now)
