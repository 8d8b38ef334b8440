"""The register's rows: SQL of the room, as functions of the transaction."""

from __future__ import annotations

from dataclasses import dataclass, field

from holders.errors import AliasTaken, LookUpOnly
from ledger import Event, append
from store import SQL, Tx

__all__ = [
    "Alias",
    "AliasRow",
    "Enrolled",
    "HolderRow",
    "NewHolder",
    "SealedAlias",
    "add_alias",
    "aliases_of",
    "end_alias",
    "enrol",
    "erase",
    "family",
    "find",
    "find_ever",
    "holder",
    "lock_alias",
    "merge",
]


@dataclass(frozen=True, slots=True)
class Alias:
    """A number as the register looks for it: its blind index under every living index key, newest first."""

    document_type: str
    indexes: tuple[tuple[int, bytes], ...]
    number: str = field(repr=False)
    look_up_only: bool = False


@dataclass(frozen=True, slots=True)
class NewHolder:
    """A holder about to begin: key, data key and first number sealed under it; made by the register."""

    holder_key: bytes
    kind: str
    wrapped_key: bytes
    wrapped_by: int
    alias_id: bytes
    sealed_number: bytes
    event: Event


@dataclass(frozen=True, slots=True)
class SealedAlias:
    """A further number of a holder, sealed under that holder's data key; made by the register."""

    holder_key: bytes
    alias: Alias
    alias_id: bytes
    sealed_number: bytes
    event: Event


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Whom the number leads to, and whether this work began the holder."""

    holder_key: bytes
    created: bool


@dataclass(frozen=True, slots=True)
class HolderRow:
    """A holder; ``wrapped_key`` is None once erased."""

    holder_key: bytes
    kind: str
    wrapped_key: bytes | None
    wrapped_by: int | None
    created_at: int
    merged_into: bytes | None
    erased_at: int | None


@dataclass(frozen=True, slots=True)
class AliasRow:
    """An alias without its index; ``valid_to`` is None while it lives."""

    alias_id: bytes
    document_type: str
    holder_key: bytes
    valid_from: int
    valid_to: int | None
    evidence: str
    sealed_number: bytes


_FIND = SQL(
    "SELECT holder_key FROM holder_alias "
    "WHERE blind_index = :blind_index AND index_version = :version AND valid_to IS NULL"
)
_FIND_EVER = SQL(
    "SELECT holder_key FROM holder_alias WHERE blind_index = :blind_index AND index_version = :version "
    "ORDER BY CASE WHEN valid_to IS NULL THEN 1 ELSE 0 END DESC, valid_to DESC LIMIT 1"
)
_ADD_HOLDER = SQL(
    "INSERT INTO holder (holder_key, kind, wrapped_key, wrapped_by, created_at) "
    "VALUES (:holder_key, :kind, :wrapped_key, :wrapped_by, :now)"
)
_ADD_ALIAS = SQL(
    "INSERT INTO holder_alias (alias_id, index_version, blind_index, document_type, holder_key, valid_from, "
    "evidence, sealed_number) VALUES (:alias_id, :version, :blind_index, :document_type, :holder_key, "
    ":valid_from, :evidence, :sealed_number) ON CONFLICT DO NOTHING"
)
_DROP_ALIAS = SQL("DELETE FROM holder_alias WHERE alias_id = :alias_id")
_LIVING_ALIAS = SQL(
    "SELECT alias_id FROM holder_alias WHERE holder_key = :holder_key AND blind_index = :blind_index "
    "AND index_version = :version AND valid_to IS NULL"
)
_LOCK_ALIAS = SQL("UPDATE holder_alias SET evidence = evidence WHERE alias_id = :alias_id")
_END_BY_ID = SQL("UPDATE holder_alias SET valid_to = :now WHERE alias_id = :alias_id AND valid_to IS NULL")
_HOLDER = SQL(
    "SELECT holder_key, kind, wrapped_key, wrapped_by, created_at, merged_into, erased_at FROM holder "
    "WHERE holder_key = :holder_key"
)
_ALIASES = SQL(
    "SELECT DISTINCT alias_id, document_type, holder_key, valid_from, valid_to, evidence, sealed_number "
    "FROM holder_alias WHERE holder_key = :holder_key ORDER BY valid_from, alias_id"
)
_FAMILY = SQL("SELECT holder_key FROM holder WHERE merged_into = :holder_key ORDER BY holder_key")
_MERGE = SQL("UPDATE holder SET merged_into = :into WHERE holder_key = :holder_key")
# files that were merged into the one that now merges follow it, so that a family is one step deep
_MERGE_CHILDREN = SQL("UPDATE holder SET merged_into = :into WHERE merged_into = :holder_key")
_STANDS = SQL(
    "UPDATE holder SET kind = kind WHERE holder_key = :holder_key AND merged_into IS NULL "
    "AND erased_at IS NULL"
)
_ERASE = SQL(
    "UPDATE holder SET wrapped_key = NULL, wrapped_by = NULL, erased_at = :now "
    "WHERE holder_key = :holder_key AND erased_at IS NULL"
)
_DROP_ALIASES = SQL("DELETE FROM holder_alias WHERE holder_key = :holder_key")


def find(tx: Tx, alias: Alias, now: int) -> bytes | None:  # noqa: ARG001 - the living alias is the one of now
    """The holder_key that a number leads to, or None."""
    return _first(tx, _FIND, alias)


def find_ever(tx: Tx, alias: Alias) -> bytes | None:
    """The same, where the alias may have ended: for licences that keep a corrected number; newest first."""
    return _first(tx, _FIND_EVER, alias)


def _first(tx: Tx, sql: SQL, alias: Alias) -> bytes | None:
    for version, blind_index in alias.indexes:
        if row := tx.row(sql, blind_index=blind_index, version=version):
            return bytes(row[0])
    return None


def enrol(tx: Tx, new: NewHolder, alias: Alias, evidence: str, now: int) -> Enrolled:
    """Begin a holder by a number, or find the one that it leads to; racing callers get the same.

    Args:
        evidence: what shows that the number is the holder's, in words without the number.

    Raises:
        LookUpOnly: a number of 15 digits that leads to nobody.
        AliasTaken: the number's alias ended in this very moment; try again.
    """
    found = find(tx, alias, now)
    if found is None and alias.look_up_only:
        raise LookUpOnly
    if found is None:
        sealed = SealedAlias(new.holder_key, alias, new.alias_id, new.sealed_number, new.event)
        if _insert(tx, sealed, evidence, now):
            tx.run(
                _ADD_HOLDER,
                holder_key=new.holder_key,
                kind=new.kind,
                wrapped_key=new.wrapped_key,
                wrapped_by=new.wrapped_by,
                now=now,
            )
            append(tx, new.event)
            return Enrolled(new.holder_key, created=True)
        found = find(tx, alias, now)
        if found is None:
            raise AliasTaken(detail="the alias ended while it was asked for")
    return Enrolled(found, created=False)


def add_alias(tx: Tx, sealed: SealedAlias, evidence: str, now: int, *, valid_from: int | None = None) -> bool:
    """Let a further number lead to a holder; False when it does already.

    Raises:
        AliasTaken: it leads to another holder.
    """
    if _insert(tx, sealed, evidence, now if valid_from is None else valid_from):
        append(tx, sealed.event)
        return True
    if find(tx, sealed.alias, now) != sealed.holder_key:
        raise AliasTaken
    return False


def _insert(tx: Tx, sealed: SealedAlias, evidence: str, valid_from: int) -> bool:
    """All rows of an alias, or none: False when any of its indexes leads somewhere already."""
    for version, blind_index in sealed.alias.indexes:
        changed = tx.run(
            _ADD_ALIAS,
            alias_id=sealed.alias_id,
            version=version,
            blind_index=blind_index,
            document_type=sealed.alias.document_type,
            holder_key=sealed.holder_key,
            valid_from=valid_from,
            evidence=evidence,
            sealed_number=sealed.sealed_number,
        )
        if not changed:
            tx.run(_DROP_ALIAS, alias_id=sealed.alias_id)
            return False
    return True


def end_alias(tx: Tx, holder_key: bytes, alias: Alias, event: Event, now: int) -> bool:
    """Let a number lead to the holder no more (a correction, a renewed passport); False when it did not."""
    for version, blind_index in alias.indexes:
        row = tx.row(_LIVING_ALIAS, holder_key=holder_key, blind_index=blind_index, version=version)
        if row is not None and _end(tx, bytes(row[0]), now):
            append(tx, event)
            return True
    return False


def _end(tx: Tx, alias_id: bytes, now: int) -> bool:
    lock_alias(tx, alias_id)
    return tx.run(_END_BY_ID, alias_id=alias_id, now=now) > 0


def lock_alias(tx: Tx, alias_id: bytes) -> None:
    """Make ending an alias and indexing it again wait for each other, or a row would outlive its alias."""
    tx.run(_LOCK_ALIAS, alias_id=alias_id)


def holder(tx: Tx, holder_key: bytes) -> HolderRow | None:
    """The holder's row."""
    row = tx.row(_HOLDER, holder_key=holder_key)
    return HolderRow(*row) if row else None


def aliases_of(tx: Tx, holder_key: bytes) -> list[AliasRow]:
    """A holder's aliases, ended ones too, oldest first."""
    return [AliasRow(*row) for row in tx.rows(_ALIASES, holder_key=holder_key)]


def family(tx: Tx, holder_key: bytes) -> tuple[bytes, ...]:
    """The holder's own key and those of files merged into it: records of all of them are the holder's."""
    return (holder_key, *(bytes(row[0]) for row in tx.rows(_FAMILY, holder_key=holder_key)))


def merge(tx: Tx, gone: bytes, into: bytes, moved: list[SealedAlias], event: Event, now: int) -> bool:
    """Let ``gone``'s numbers lead to ``into``; False when either does not stand. Nothing is rewritten.

    ``moved`` are the living aliases of ``gone``, sealed for ``into``.

    Raises:
        AliasTaken: the aliases changed meanwhile; read them again.
    """
    # both are locked, in one order: of two merges that cross each other one passes, and neither is stuck
    if not all(tx.run(_STANDS, holder_key=each) for each in sorted((gone, into))):
        return False
    tx.run(_MERGE, holder_key=gone, into=into)
    tx.run(_MERGE_CHILDREN, holder_key=gone, into=into)
    for row in aliases_of(tx, gone):
        if row.valid_to is None:
            _end(tx, row.alias_id, now)
    for sealed in moved:
        if not _insert(tx, sealed, "merged", now):
            raise AliasTaken(detail="aliases changed during a merge")
    append(tx, event)
    return True


def erase(tx: Tx, holder_key: bytes, event: Event, now: int) -> bool:
    """Delete the data key and the aliases for ever; False when there was nothing to erase."""
    if not tx.run(_ERASE, holder_key=holder_key, now=now):
        return False
    tx.run(_DROP_ALIASES, holder_key=holder_key)
    append(tx, event)
    return True
