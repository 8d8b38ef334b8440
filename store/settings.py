"""Settings of the store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from store.durable import Engine

__all__ = ["StoreSettings"]


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Which engine keeps the records, and where."""

    engine: Engine = "sqlite"
    """The embedded engine, or PostgreSQL for several workers."""
    path: Path = Path("var")
    """Folder of the embedded database."""
    dsn_file: Path | None = None
    """File with libpq's connection string, since it may contain a password."""
    connections: int = 16
    """Pool of one worker process on PostgreSQL, at most."""
