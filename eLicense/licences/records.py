"""The tables ``licence``, ``licence_holder`` and ``licence_change``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from eLicense.licences.licence import Change, Holding, Licence
from store import SQL, Tx

__all__ = [
    "add",
    "add_change",
    "by_id",
    "by_identifier",
    "changes",
    "complete",
    "due",
    "file_of",
    "holdings",
    "intended",
    "last_recorded",
    "move",
    "rekey",
]

_IDENTIFIER = re.compile(r"[0-9A-Z.]{1,120}")
_LICENCE = (
    "l.id, l.identifier, l.type, l.agency, l.region, l.trust, l.state, l.revision, l.status_list,"
    " l.status_index, l.valid_from, l.valid_ends, l.content_hash, l.key_id, l.effective_at,"
    " l.recorded_at, l.signed_at, l.replaces"
)
_HOLDING = "h.licence_id, h.position, h.holder_key, h.kind, h.role, h.share, h.label, h.content"
_LICENCE_COLUMNS = 18

# ruff: noqa: S608 - the texts are put together from our own column names
_BY_ID = SQL(f"SELECT {_LICENCE} FROM licence l WHERE l.id = :id")
_BY_IDENTIFIER = SQL(f"SELECT {_LICENCE} FROM licence l WHERE l.identifier = :identifier")
_HOLDINGS = SQL(f"SELECT {_HOLDING} FROM licence_holder h WHERE h.licence_id = :id ORDER BY h.position")
_FILE = SQL(f"""
    SELECT {_LICENCE}, {_HOLDING} FROM licence_holder h JOIN licence l ON l.id = h.licence_id
    WHERE h.holder_key = :holder_key AND l.state <> 'intended'
    ORDER BY l.recorded_at DESC, l.id, h.position LIMIT :limit""")
_INTENDED = SQL(f"""
    SELECT {_LICENCE} FROM licence l WHERE l.state = 'intended' AND l.recorded_at <= :before
    ORDER BY l.recorded_at LIMIT :limit""")
_DUE = SQL(f"""
    SELECT {_LICENCE} FROM licence l
    WHERE l.state IN ('valid', 'suspended') AND l.valid_ends > 0 AND l.valid_ends <= :now LIMIT :limit""")
_ADD = SQL("""
    INSERT INTO licence (id, identifier, type, agency, region, trust, state, revision, status_list,
        status_index, valid_from, valid_ends, content_hash, key_id, effective_at, recorded_at, signed_at,
        replaces)
    VALUES (:id, :identifier, :type, :agency, :region, :trust, :state, :revision, :status_list, :status_index,
        :valid_from, :valid_ends, :content_hash, :key_id, :effective_at, :recorded_at, :signed_at, :replaces)
    ON CONFLICT DO NOTHING""")
_ADD_HOLDING = SQL("""
    INSERT INTO licence_holder (licence_id, position, holder_key, kind, role, share, label, content)
    VALUES (:licence_id, :position, :holder_key, :kind, :role, :share, :label, :content)""")
_COMPLETE = SQL("""
    UPDATE licence SET state = 'valid', revision = 1, signed_at = :now, key_id = :key_id
    WHERE id = :id AND state = 'intended' AND key_id = :key_id""")
_REKEY = SQL("""
    UPDATE licence SET key_id = :key_id WHERE id = :id AND state = 'intended' AND key_id = :old""")
_SIGNED = SQL("""
    UPDATE licence_holder SET content = :content WHERE licence_id = :id AND position = :position""")
_MOVE = SQL("""
    UPDATE licence SET state = :to_state, revision = :revision + 1
    WHERE id = :id AND state = :from_state AND revision = :revision""")
_ADD_CHANGE = SQL("""
    INSERT INTO licence_change (licence_id, revision, operation, from_state, to_state, effective_at,
        recorded_at, agency, grounds)
    VALUES (:licence_id, :revision, :operation, :from_state, :to_state, :effective_at, :recorded_at,
        :agency, :grounds)""")
_LAST_RECORDED = SQL("SELECT MAX(recorded_at) FROM licence_change WHERE licence_id = :id")
_CHANGES = SQL("""
    SELECT licence_id, revision, operation, from_state, to_state, effective_at, recorded_at, agency, grounds
    FROM licence_change WHERE licence_id = :id ORDER BY revision""")


def by_id(tx: Tx, licence_id: bytes) -> Licence | None:
    """One licence by its internal id."""
    row = tx.row(_BY_ID, id=licence_id)
    return Licence(*row) if row else None


def by_identifier(tx: Tx, identifier: str) -> Licence | None:
    """One licence by its GB/T 36904 identifier; None for any text that is none."""
    if not _IDENTIFIER.fullmatch(identifier):
        return None
    row = tx.row(_BY_IDENTIFIER, identifier=identifier)
    return Licence(*row) if row else None


def holdings(tx: Tx, licence_id: bytes) -> list[Holding]:
    """A licence's holders in their order."""
    return [Holding(*row) for row in tx.rows(_HOLDINGS, id=licence_id)]


def file_of(tx: Tx, holder_key: bytes, limit: int) -> list[tuple[Licence, Holding]]:
    """A holder's licences with the own copy of each, newest first; nothing that is not yet signed."""
    return [
        (Licence(*row[:_LICENCE_COLUMNS]), Holding(*row[_LICENCE_COLUMNS:]))
        for row in tx.rows(_FILE, holder_key=holder_key, limit=limit)
    ]


def intended(tx: Tx, before: int, limit: int) -> list[Licence]:
    """Intents recorded up to ``before`` and not yet signed, oldest first."""
    return [Licence(*row) for row in tx.rows(_INTENDED, before=before, limit=limit)]


def due(tx: Tx, now: int, limit: int) -> list[Licence]:
    """Licences whose validity has ended and whose state does not say so yet."""
    return [Licence(*row) for row in tx.rows(_DUE, now=now, limit=limit)]


def add(tx: Tx, licence: Licence, held: Iterable[Holding]) -> bool:
    """Record an intent with its holders; False where the id stands already."""
    added = tx.run(
        _ADD,
        id=licence.id,
        identifier=licence.identifier,
        type=licence.type,
        agency=licence.agency,
        region=licence.region,
        trust=licence.trust,
        state=licence.recorded_state,
        revision=licence.revision,
        status_list=licence.status_list,
        status_index=licence.status_index,
        valid_from=licence.valid_from,
        valid_ends=licence.valid_ends,
        content_hash=licence.content_hash,
        key_id=licence.key_id,
        effective_at=licence.effective_at,
        recorded_at=licence.recorded_at,
        signed_at=licence.signed_at,
        replaces=licence.replaces,
    )
    if not added:
        return False
    for holding in held:
        tx.run(
            _ADD_HOLDING,
            licence_id=holding.licence_id,
            position=holding.position,
            holder_key=holding.holder_key,
            kind=holding.kind,
            role=holding.role,
            share=holding.share,
            label=holding.label,
            content=holding.content,
        )
    return True


def complete(tx: Tx, licence: Licence, contents: Iterable[bytes], now: int) -> bool:
    """Put the signed content in place of the intended one, once; False where somebody else has."""
    if not tx.run(_COMPLETE, id=licence.id, key_id=licence.key_id, now=now):
        return False
    for position, content in enumerate(contents):
        tx.run(_SIGNED, id=licence.id, position=position, content=content)
    return True


def rekey(tx: Tx, licence: Licence, key_id: str) -> bool:
    """Name another key in an intent whose key can sign no more."""
    return tx.run(_REKEY, id=licence.id, old=licence.key_id, key_id=key_id) > 0


def move(tx: Tx, licence: Licence, to_state: str) -> bool:
    """Change the state if nothing has changed since ``licence`` was read."""
    return (
        tx.run(
            _MOVE,
            id=licence.id,
            from_state=licence.recorded_state,
            to_state=to_state,
            revision=licence.revision,
        )
        > 0
    )


def add_change(tx: Tx, change: Change) -> None:
    """Add one line to a licence's history."""
    tx.run(
        _ADD_CHANGE,
        licence_id=change.licence_id,
        revision=change.revision,
        operation=change.operation,
        from_state=change.from_state,
        to_state=change.to_state,
        effective_at=change.effective_at,
        recorded_at=change.recorded_at,
        agency=change.agency,
        grounds=change.grounds,
    )


def last_recorded(tx: Tx, licence_id: bytes) -> int:
    """When the newest line of a licence's history was recorded; 0 without one."""
    row = tx.row(_LAST_RECORDED, id=licence_id)
    return int(row[0]) if row and row[0] is not None else 0


def changes(tx: Tx, licence_id: bytes) -> list[Change]:
    """A licence's history, oldest first."""
    return [Change(*row) for row in tx.rows(_CHANGES, id=licence_id)]
