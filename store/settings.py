"""Settings of the store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from store.durable import Engine

__all__ = ["StoreSettings"]


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Which engine keeps the records, and where.

    `path` is the folder of the embedded database; `dsn_file` holds libpq's connection string, since it may
    contain a password. `connections` bounds the pool of one worker process on PostgreSQL.
    """

    engine: Engine = "sqlite"
    path: Path = Path("var")
    dsn_file: Path | None = None
    connections: int = 16
