"""Apply `store/migrations/NNNN_room_what[.sqlite|.postgres].sql`, forward only, each in one transaction."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from store.durable import SQL
from store.errors import MigrationChanged

if TYPE_CHECKING:
    from store.durable import Durable, Engine, Tx

__all__ = ["migrate"]

_FOLDER = Path(__file__).with_name("migrations")
_TABLE = """
    CREATE TABLE IF NOT EXISTS migration (
        number BIGINT PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL)"""
# Asked first on PostgreSQL: a role that may make no table can see that nothing is left to apply.
_THERE = SQL("SELECT CASE WHEN to_regclass('migration') IS NULL THEN 0 ELSE 1 END")
_APPLIED = SQL("SELECT number, digest FROM migration ORDER BY number")
_RECORD = SQL("INSERT INTO migration (number, name, digest) VALUES (:number, :name, :digest)")
# "mymigra" as a number: any constant that nothing else locks. Waiting for another migrator may take a while.
_POSTGRES_LOCK = """
    SET LOCAL statement_timeout = 0;
    SET LOCAL lock_timeout = '60s';
    SELECT pg_advisory_xact_lock(30796326453342817)"""


@dataclass(frozen=True, slots=True)
class _Migration:
    number: int
    name: str
    digest: str
    text: str


def migrate(durable: Durable, folder: Path = _FOLDER) -> int:
    """Apply what is not yet applied and return how many; raise MigrationChanged where history differs."""
    migrations = _migrations(folder, durable.engine)
    count = 0
    while durable.write(lambda tx: _apply_next(tx, durable.engine, migrations)):
        count += 1
    return count


def _migrations(folder: Path, engine: Engine) -> list[_Migration]:
    found: dict[int, _Migration] = {}
    for file in sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.sql")):
        if file.name.endswith((".sqlite.sql", ".postgres.sql")) and not file.name.endswith(f".{engine}.sql"):
            continue
        content = file.read_bytes()
        number = int(file.name[:4])
        if number in found:
            message = f"two migrations are numbered {number:04}: {found[number].name} and {file.name}"
            raise ValueError(message)
        digest = hashlib.sha256(content).hexdigest()
        found[number] = _Migration(number, file.name, digest, content.decode())
    return [found[number] for number in sorted(found)]


def _apply_next(tx: Tx, engine: Engine, migrations: list[_Migration]) -> bool:
    if engine == "postgres":
        tx.script(_POSTGRES_LOCK)
    if engine == "sqlite" or tx.row(_THERE) == (0,):
        tx.script(_TABLE)
    applied = {row[0]: row[1] for row in tx.rows(_APPLIED)}
    known = {migration.number: migration.digest for migration in migrations}
    # A newer release may have gone ahead: what lies above all we know is its business.
    for number, digest in applied.items():
        if number <= max(known, default=0) and known.get(number) != digest:
            raise MigrationChanged(detail=f"migration {number:04} differs from what was applied")
    following = next((each for each in migrations if each.number not in applied), None)
    if following is None:
        return False
    if following.number < max(applied, default=0):
        raise MigrationChanged(detail=f"{following.name} comes after a later one was applied")
    tx.script(following.text)
    tx.run(_RECORD, number=following.number, name=following.name, digest=following.digest)
    return True
