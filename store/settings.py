"""Settings of the store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from store.durable import Engine

__all__ = ["ExpiringEngine", "StoreSettings"]

ExpiringEngine = Literal["durable", "redis", "redis-cluster"]


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Which engine keeps the records, and where."""

    engine: Engine = "sqlite"
    """The embedded engine, or PostgreSQL for several workers."""
    path: Path = Path("var")
    """Folder of the embedded database."""
    dsn_file: Path | None = None
    """File with libpq's connection string, since it may contain a password."""
    sequencer_dsn_file: Path | None = None
    """The same for the role that numbers the ledger's events; without it the service's own role does."""
    connections: int = 16
    """Pool of one worker process on PostgreSQL, at most."""
    expiring: ExpiringEngine = "durable"
    """What keeps requests in flight and limits: the durable store, a Redis node, or a Redis Cluster."""
    expiring_url_file: Path | None = None
    """File with the URL of Redis (``redis://`` or ``rediss://``), since it may contain a password."""
    expiring_prefix: str = "manyou"
    """Begins every key in Redis, so that several deployments can share one."""
