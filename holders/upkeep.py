"""After a rotation: data keys wrapped again, aliases indexed again, then the replaced keys retired.

Bounded steps, for a job; each computes outside the work, whose guarded statements skip what changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from holders import records
from holders.errors import HolderErased, NoSuchHolder
from holders.records import AliasRow
from holders.register import NUMBER_LABEL, Register
from keys import Keys
from store import SQL, Durable, Tx

__all__ = ["Upkeep", "upkeep"]

_STALE_WRAPS: Final = SQL(
    "SELECT holder_key, wrapped_key FROM holder WHERE wrapped_by < :number ORDER BY wrapped_by LIMIT :limit"
)
_REWRAP: Final = SQL(
    "UPDATE holder SET wrapped_key = :wrapped, wrapped_by = :number "
    "WHERE holder_key = :holder_key AND wrapped_key = :before"
)
_STALE_INDEXES: Final = SQL(
    "SELECT DISTINCT alias_id, document_type, holder_key, valid_from, valid_to, evidence, sealed_number "
    "FROM holder_alias AS older WHERE NOT EXISTS (SELECT 1 FROM holder_alias AS newer "
    "WHERE newer.alias_id = older.alias_id AND newer.index_version = :version) LIMIT :limit"
)
_REINDEX: Final = SQL(
    "INSERT INTO holder_alias (alias_id, index_version, blind_index, document_type, holder_key, valid_from, "
    "valid_to, evidence, sealed_number) SELECT alias_id, :version, :blind_index, document_type, holder_key, "
    "valid_from, valid_to, evidence, sealed_number FROM holder_alias WHERE alias_id = :alias_id LIMIT 1 "
    "ON CONFLICT DO NOTHING"
)
_DROP_INDEXES: Final = SQL("DELETE FROM holder_alias WHERE index_version = :version")


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What a step worked on: data keys to wrap again, aliases to index again, keys retired."""

    wrapped: int
    indexed: int
    retired: int


def upkeep(durable: Durable, keys: Keys, register: Register, limit: int = 500) -> Upkeep:
    """One bounded step; all zero when there is nothing left to do."""
    wrapped = _wrap_again(durable, keys, limit)
    indexed = _index_again(durable, keys, register, limit)
    retired = 0
    if not wrapped:
        retired += sum(keys.retire("field", number) for number in keys.replaced("field"))
    if not indexed:
        for version in keys.replaced("blind-index"):
            if keys.retire("blind-index", version):
                durable.write(_dropping(version))
                retired += 1
    return Upkeep(wrapped, indexed, retired)


def _wrap_again(durable: Durable, keys: Keys, limit: int) -> int:
    number = keys.wraps_with()
    stale = durable.read(lambda tx: tx.rows(_STALE_WRAPS, number=number, limit=limit))
    fresh = [
        (holder_key, before, keys.wrap(keys.unwrap(before, holder_key), holder_key))
        for holder_key, before in stale
    ]

    def work(tx: Tx) -> None:
        for holder_key, before, wrapped in fresh:
            tx.run(_REWRAP, wrapped=wrapped, number=number, holder_key=holder_key, before=before)

    if fresh:
        durable.write(work)
    return len(stale)


def _index_again(durable: Durable, keys: Keys, register: Register, limit: int) -> int:
    version = keys.indexes_with()
    stale = durable.read(lambda tx: tx.rows(_STALE_INDEXES, version=version, limit=limit))
    fresh = [found for row in stale if (found := _index(register, AliasRow(*row), version)) is not None]

    def work(tx: Tx) -> None:
        for alias_id, blind_index in fresh:
            records.lock_alias(tx, alias_id)
            tx.run(_REINDEX, version=version, blind_index=blind_index, alias_id=alias_id)

    if fresh:
        durable.write(work)
    return len(stale)


def _index(register: Register, row: AliasRow, version: int) -> tuple[bytes, bytes] | None:
    try:
        number = register.fields(row.holder_key).open(NUMBER_LABEL, row.sealed_number)
    except (HolderErased, NoSuchHolder):
        return None  # erased since it was read; its aliases are gone too
    return row.alias_id, dict(register.alias(row.document_type, number).indexes)[version]


def _dropping(version: int) -> Callable[[Tx], int]:
    return lambda tx: tx.run(_DROP_INDEXES, version=version)
