"""The table ``catalogue_entry``: one row per definition."""

from __future__ import annotations

from store import SQL, Tx

__all__ = ["all_entries", "entries_of", "put"]

_ALL = SQL("SELECT kind, code, definition FROM catalogue_entry ORDER BY kind, code")
_OF_KIND = SQL("SELECT code, number, definition FROM catalogue_entry WHERE kind = :kind ORDER BY code")
_PUT = SQL("""
    INSERT INTO catalogue_entry (kind, code, number, definition, recorded_at)
    VALUES (:kind, :code, :number, :definition, :now)
    ON CONFLICT (kind, code) DO UPDATE SET definition = :definition, recorded_at = :now
    WHERE catalogue_entry.definition <> :definition""")


def all_entries(tx: Tx) -> list[tuple[str, str, str]]:
    """Every (kind, code, definition as JSON)."""
    return [(kind, code, definition) for kind, code, definition in tx.rows(_ALL)]


def entries_of(tx: Tx, kind: str) -> dict[str, int | None]:
    """Code → number, of one kind."""
    return {code: number for code, number, _ in tx.rows(_OF_KIND, kind=kind)}


def put(tx: Tx, kind: str, code: str, number: int | None, definition: str, now: int) -> bool:
    """Add or replace one definition; False where it stands already, word for word."""
    return tx.run(_PUT, kind=kind, code=code, number=number, definition=definition, now=now) > 0
