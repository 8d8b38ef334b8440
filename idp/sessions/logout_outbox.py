"""What is still to be told to clients of sessions that ended: rows written in the work that ends them.

``idp.oauth.logout.backchannel`` signs and delivers. Each statement about a row names how often it was
tried, so that a late one undoes nothing newer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from store import SQL

if TYPE_CHECKING:
    from store import Row, Tx

__all__ = ["Due", "done", "due", "lease", "of_session", "postpone", "tell", "tell_one"]

_OUT: Final = (
    "INSERT INTO logout_outbox (session, client_id, holder_key, due, tries)"
    " SELECT c.session, c.client_id, COALESCE(s.acting_for, s.holder_key), :now, 0"
    " FROM session_client c JOIN session s ON s.id = c.session WHERE {which}"
    " ON CONFLICT (session, client_id) DO UPDATE SET due = excluded.due, tries = 0"
)
_TELL = SQL(_OUT.format(which="c.session = :session"))
_FORGET = SQL("DELETE FROM session_client WHERE session = :session")
_IN_THIS_CAPACITY: Final = (
    "s.holder_key = :holder_key AND (s.acting_for = :acting_for"
    " OR (s.acting_for IS NULL AND length(:acting_for) = 0))"
)
_TELL_ONE = SQL(_OUT.format(which=_IN_THIS_CAPACITY + " AND c.client_id = :client_id"))
_FORGET_ONE = SQL(
    "DELETE FROM session_client WHERE client_id = :client_id"  # noqa: S608 - of our own texts, here and below
    f" AND session IN (SELECT s.id FROM session s WHERE {_IN_THIS_CAPACITY})"
)

_COLUMNS: Final = "SELECT session, client_id, holder_key, tries FROM logout_outbox"
_DUE = SQL(f"{_COLUMNS} WHERE due <= :now ORDER BY due LIMIT :most")
_OF_SESSION = SQL(f"{_COLUMNS} WHERE session = :session AND due <= :now")
_KEY: Final = "session = :session AND client_id = :client_id AND tries = :tries"
_LEASE = SQL(f"UPDATE logout_outbox SET due = :until, tries = tries + 1 WHERE {_KEY} AND due <= :now")  # noqa: S608
_POSTPONE = SQL(f"UPDATE logout_outbox SET due = :until WHERE {_KEY}")  # noqa: S608
_DONE = SQL(f"DELETE FROM logout_outbox WHERE {_KEY}")  # noqa: S608


class Due(msgspec.Struct, frozen=True):
    """One client to be told of the end of one session."""

    session: bytes
    client: str
    holder_key: bytes
    """Whom the client knows by ``sub``."""
    tries: int
    """How often it was tried; each statement about the row names it, so that no late one undoes a newer."""


def tell(tx: Tx, session_id: bytes, now: int) -> None:
    """Put every client of a session that is over into the outbox."""
    tx.run(_TELL, session=session_id, now=now)
    tx.run(_FORGET, session=session_id)


def tell_one(tx: Tx, holder_key: bytes, acting_for: bytes, client_id: str, now: int) -> None:
    """Put one client into the outbox for every session of a person in one capacity: it lost its access.

    ``acting_for``: empty where the person acts for nobody else.
    """
    whose: dict[str, bytes | str] = {
        "holder_key": holder_key,
        "acting_for": acting_for,
        "client_id": client_id,
    }
    tx.run(_TELL_ONE, **whose, now=now)
    tx.run(_FORGET_ONE, **whose)


def due(tx: Tx, now: int, most: int) -> list[Due]:
    """Who is to be told, the longest due first."""
    return [_due(row) for row in tx.rows(_DUE, now=now, most=most)]


def of_session(tx: Tx, session_id: bytes, now: int) -> list[Due]:
    """Who is to be told of the end of one session."""
    return [_due(row) for row in tx.rows(_OF_SESSION, session=session_id, now=now)]


def lease(tx: Tx, row: Due, now: int, until: int) -> Due | None:
    """Take a row that is due for one try; None where another worker has it."""
    if tx.run(_LEASE, **_named(row), now=now, until=until) != 1:
        return None
    return Due(row.session, row.client, row.holder_key, row.tries + 1)


def postpone(tx: Tx, row: Due, until: int) -> None:
    """Try again then."""
    tx.run(_POSTPONE, **_named(row), until=until)


def done(tx: Tx, row: Due) -> None:
    """Told, or given up."""
    tx.run(_DONE, **_named(row))


def _due(row: Row) -> Due:
    return Due(bytes(row[0]), str(row[1]), bytes(row[2]), int(row[3]))


def _named(row: Due) -> dict[str, bytes | str | int]:
    return {"session": row.session, "client_id": row.client, "tries": row.tries}
