"""SQL over sessions. A session lives only while its person, and its office where it has one, stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from idp.people.person import LEVEL_FOR_ORGANISATION
from idp.people.records import LEVEL, OFFICE_STANDS
from idp.sessions.session import Session
from store import SQL, Tx

__all__ = [
    "LIVES",
    "TOUCH_SECONDS",
    "NewSession",
    "by_secret",
    "insert",
    "living",
    "of_person",
    "renew",
    "sweep",
    "touch",
]

TOUCH_SECONDS: Final = 60
"""A session in use is written at most once in this time: rows cost durable writes."""

LIVES = (
    "s.ended = 0 AND s.idle_ends > :now AND s.ends > :now AND p.state = 'enabled'"
    " AND (s.acting_for IS NULL OR ("
    + LEVEL.format(person="s.holder_key")
    + f" >= {LEVEL_FOR_ORGANISATION} AND "
    + OFFICE_STANDS.format(organisation="s.acting_for", person="s.holder_key", role="s.office")
    + "))"
)
_COLUMNS = (
    "SELECT s.id, s.holder_key, s.acting_for, s.office, "
    + LEVEL.format(person="s.holder_key")
    + ", s.factors, s.started, s.idle_ends, s.ends"
)
_FROM = " FROM session s JOIN person p ON p.holder_key = s.holder_key"

_LIVING = SQL(f"{_COLUMNS}{_FROM} WHERE s.id = :id AND {LIVES}")
_BY_SECRET = SQL(f"{_COLUMNS}, s.touched{_FROM} WHERE s.secret = :secret AND {LIVES}")
_OF_PERSON = SQL(
    f"{_COLUMNS}, s.device, s.touched{_FROM} WHERE s.holder_key = :holder_key AND {LIVES}"
    " ORDER BY s.touched DESC, s.id LIMIT 100"
)
_INSERT = SQL(
    "INSERT INTO session (id, secret, holder_key, acting_for, office, factors, device, started, touched,"
    " idle_ends, ends, ended, why) VALUES (:id, :secret, :holder_key, :acting_for, :office, :factors,"
    " :device, :started, :started, :idle_ends, :ends, 0, '')"
)
_RENEW = SQL(
    "UPDATE session SET secret = :secret, factors = :factors, touched = :now, idle_ends = :idle_ends"
    " WHERE id = :id AND secret = :old AND ended = 0 AND idle_ends > :now AND ends > :now"
)
_TOUCH = SQL(
    "UPDATE session SET touched = :now,"
    " idle_ends = CASE WHEN :idle_ends < ends THEN :idle_ends ELSE ends END"
    " WHERE id = :id AND ended = 0 AND idle_ends > :now AND touched <= :before"
)
_SWEEP = SQL(
    "DELETE FROM session WHERE id IN (SELECT id FROM session WHERE ends <= :before ORDER BY ends LIMIT :most)"
)


@dataclass(frozen=True, slots=True)
class NewSession:
    """What is written when a person has logged in; ``secret`` is SHA-256 of the cookie's secret."""

    id: bytes
    secret: bytes
    holder_key: bytes
    acting_for: bytes | None
    office: str | None
    factors: dict[str, int]
    device: str
    started: int
    idle_ends: int
    ends: int


def living(tx: Tx, session_id: bytes, now: int) -> Session | None:
    """The session, if it has not ended and its person and office stand; else None."""
    row = tx.row(_LIVING, id=session_id, now=now)
    return _session(row) if row else None


def by_secret(tx: Tx, secret: bytes, now: int) -> tuple[Session, int] | None:
    """The living session whose cookie's secret has this SHA-256, and when it was touched last."""
    row = tx.row(_BY_SECRET, secret=secret, now=now)
    return (_session(row[:9]), int(row[9])) if row else None


def of_person(tx: Tx, holder_key: bytes, now: int) -> list[tuple[Session, str, int]]:
    """Living sessions of a person with device and last touch, latest first, at most 100."""
    rows = tx.rows(_OF_PERSON, holder_key=holder_key, now=now)
    return [(_session(row[:9]), str(row[9]), int(row[10])) for row in rows]


def insert(tx: Tx, new: NewSession) -> None:
    """Write a session that begins."""
    tx.run(
        _INSERT,
        id=new.id,
        secret=new.secret,
        holder_key=new.holder_key,
        acting_for=new.acting_for,
        office=new.office,
        factors=msgspec.json.encode(new.factors).decode(),
        device=new.device,
        started=new.started,
        idle_ends=new.idle_ends,
        ends=new.ends,
    )


def renew(
    tx: Tx, session: Session, *, old: bytes, secret: bytes, factors: dict[str, int], now: int, idle_ends: int
) -> bool:
    """Give a living session a new secret and new proofs; False where ``old`` is no longer its secret."""
    changed = tx.run(
        _RENEW,
        id=session.id,
        old=old,
        secret=secret,
        factors=msgspec.json.encode(factors).decode(),
        now=now,
        idle_ends=min(idle_ends, session.ends),
    )
    return changed == 1


def touch(tx: Tx, session_id: bytes, now: int, idle_ends: int) -> None:
    """Move the idle end, unless that was done less than ``TOUCH_SECONDS`` ago."""
    tx.run(_TOUCH, id=session_id, now=now, idle_ends=idle_ends, before=now - TOUCH_SECONDS)


def sweep(tx: Tx, before: int, most: int) -> int:
    """Delete at most ``most`` sessions whose absolute end lies at or before ``before``."""
    return tx.run(_SWEEP, before=before, most=most)


def _session(row: tuple[Any, ...]) -> Session:
    factors = msgspec.json.decode(row[5], type=dict[str, int])
    return Session(row[0], row[1], row[2], row[3], int(row[4]), factors, *row[6:9])
