"""The table `event`: append, find by holder, by id, by number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from ledger.event import ID_RANDOM_BYTES, Event
from store import SQL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from store import Row, Tx

__all__ = ["Recorded", "append", "by_id", "of_holder", "since"]

_COLUMNS = "number, id, tag, version, at, holder_key, actor, client, subject, body"
_LAST = b"\xff" * 16

_APPEND = SQL("""
    INSERT INTO event (id, tag, version, at, holder_key, actor, client, subject, body)
    VALUES (:id, :tag, :version, :at, :holder_key, :actor, :client, :subject, :body)""")
_BY_ID = SQL(f"SELECT {_COLUMNS} FROM event WHERE id = :id")  # noqa: S608 own column names
_SINCE = SQL(f"SELECT {_COLUMNS} FROM event WHERE number > :number ORDER BY number LIMIT :limit")  # noqa: S608


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event that is durable; `number` is its place in the ledger, None until the sequencer gave one."""

    number: int | None
    event: Event


def append(tx: Tx, event: Event) -> None:
    """Record the event in the work that makes the change: without its event a change does not happen."""
    tx.later(
        _APPEND,
        id=event.id,
        tag=event.tag,
        version=event.version,
        at=event.at,
        holder_key=event.holder_key,
        actor=event.actor,
        client=event.client,
        subject=event.subject,
        body=event.body,
    )


def by_id(tx: Tx, id_: bytes) -> Recorded | None:
    """Return one event, or None."""
    row = tx.row(_BY_ID, id=id_)
    return _recorded(row) if row else None


def since(tx: Tx, number: int, limit: int) -> list[Recorded]:
    """Return numbered events above `number`, in order, at most `limit`."""
    return _all(tx.rows(_SINCE, number=number, limit=limit))


def of_holder(
    tx: Tx, holder_key: bytes, tags: tuple[str, ...], before: bytes | int | None, limit: int
) -> list[Recorded]:
    """Return a holder's events with one of the tags, newest first, not yet numbered ones among them.

    `before` continues a page: the id of the last event shown, or a unix time in seconds; None begins at the
    newest. No tags give no events.
    """
    if not tags:
        return []
    end = _LAST if before is None else _begin_of(before) if isinstance(before, int) else before
    named = {f"tag{index}": tag for index, tag in enumerate(tags)}
    return _all(tx.rows(_of_holder(len(tags)), holder_key=holder_key, before=end, limit=limit, **named))


@cache
def _of_holder(tags: int) -> SQL:
    listed = ", ".join(f":tag{index}" for index in range(tags))
    return SQL(f"""
        SELECT {_COLUMNS} FROM event
        WHERE holder_key = :holder_key AND id < :before AND tag IN ({listed})
        ORDER BY id DESC LIMIT :limit""")  # noqa: S608 own column and parameter names


def _begin_of(second: int) -> bytes:
    """Return the lowest id of that second."""
    return (second * 1000).to_bytes(6, "big") + bytes(ID_RANDOM_BYTES)


def _all(rows: Iterable[Row]) -> list[Recorded]:
    return [_recorded(row) for row in rows]


def _recorded(row: Row) -> Recorded:
    return Recorded(row[0], Event(*row[1:]))
