"""Which clients a session logged into, as far as they want to hear of its end.

A row is written with the code's exchange and goes with the session: into the outbox, in the very work that
ends it. Nothing runs when time alone ends a session, so each row names when to look whether it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.sessions import logout_outbox
from idp.sessions.records import LIVES
from store import SQL

if TYPE_CHECKING:
    from idp.sessions.session import Session
    from store import Tx

__all__ = ["hold", "look_soon", "note", "of_session", "sweep"]

_NOTE = SQL(
    "INSERT INTO session_client (session, client_id, look) VALUES (:session, :client_id, :look)"
    " ON CONFLICT (session, client_id) DO NOTHING"
)
_HOLD = SQL("SELECT 1 FROM session WHERE id = :session FOR SHARE")
_OF_SESSION = SQL("SELECT client_id FROM session_client WHERE session = :session ORDER BY client_id")
_LOOK_SOON = SQL(
    "UPDATE session_client SET look = 0 WHERE session IN"
    " (SELECT id FROM session WHERE holder_key = :holder_key OR acting_for = :holder_key)"
)
_TO_LOOK_AT = SQL(  # put together of texts of our own
    "SELECT DISTINCT c.session, CASE WHEN " + LIVES + " THEN"  # noqa: S608
    " CASE WHEN s.idle_ends < s.ends THEN s.idle_ends ELSE s.ends END ELSE 0 END"
    " FROM (SELECT session FROM session_client WHERE look <= :now ORDER BY look LIMIT :most) c"
    " LEFT JOIN session s ON s.id = c.session LEFT JOIN person p ON p.holder_key = s.holder_key"
)
_LOOK_LATER = SQL("UPDATE session_client SET look = :look WHERE session = :session")


def note(tx: Tx, session: Session, client_id: str) -> None:
    """Remember that the session logged into the client; nothing is written where it had before."""
    tx.later(_NOTE, session=session.id, client_id=client_id, look=min(session.idle_ends, session.ends))


def hold(tx: Tx, session_id: bytes) -> None:
    """Keep the session from ending before this work commits; for PostgreSQL, where works run side by side.

    Its end then comes before, and is seen, or after, and finds what this work notes.
    """
    tx.later(_HOLD, session=session_id)


def of_session(tx: Tx, session_id: bytes) -> list[str]:
    """The clients that would hear of the session's end."""
    return [str(row[0]) for row in tx.rows(_OF_SESSION, session=session_id)]


def look_soon(tx: Tx, holder_key: bytes) -> None:
    """Have the next sweep look at every session of or for this holder: the register says something new."""
    tx.run(_LOOK_SOON, holder_key=holder_key)


def sweep(tx: Tx, now: int, most: int) -> int:
    """Look at no more than ``most`` rows whose time has come; those of sessions that are over are told."""
    rows = tx.rows(_TO_LOOK_AT, now=now, most=most)
    for session_id, until in rows:
        if until > now:
            tx.run(_LOOK_LATER, session=session_id, look=until)
        else:
            logout_outbox.tell(tx, bytes(session_id), now)
    return len(rows)
