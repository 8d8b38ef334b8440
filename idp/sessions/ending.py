"""How a session ends: marked, told to the other workers, the clients and the ledger, in one work.

Tokens and families fall because the gate reads the session's state; nothing here calls up into OAuth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.events import SessionsEnded, event
from idp.sessions import logout_outbox
from ledger import append
from store import SQL, Tx, publish

if TYPE_CHECKING:
    from ledger import Event

__all__ = ["end", "end_all"]

NEWS = "session"

_END = SQL("UPDATE session SET ended = :now, why = :why WHERE id = :id AND ended = 0")
# those too whose time is over: what outlives a session (offline_access) lives until somebody ends it
_OPEN = SQL("SELECT id FROM session WHERE holder_key = :holder_key AND ended = 0 ORDER BY id")


def end(tx: Tx, session_id: bytes, why: str, now: int, event: Event) -> bool:
    """End one session; False, and nothing written, where it had ended before."""
    if tx.run(_END, id=session_id, now=now, why=why) != 1:
        return False
    publish(tx, NEWS, session_id, now)
    logout_outbox.tell(tx, session_id, now)
    append(tx, event)
    return True


def end_all(
    tx: Tx, holder_key: bytes, why: str, now: int, event_id: bytes, *, keep: bytes | None = None
) -> list[bytes]:
    """End every session of a person but ``keep``, and so what outlived it; the ids, told in one event."""
    ended = []
    for (session_id,) in tx.rows(_OPEN, holder_key=holder_key):
        if session_id != keep and tx.run(_END, id=session_id, now=now, why=why) == 1:
            publish(tx, NEWS, session_id, now)
            logout_outbox.tell(tx, session_id, now)
            ended.append(bytes(session_id))
    if ended:
        body = SessionsEnded(sessions=[each.hex() for each in ended], why=why)
        append(tx, event(body, id=event_id, at=now, holder_key=holder_key, actor="person"))
    return ended
