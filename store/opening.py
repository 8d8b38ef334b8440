"""Open the configured engine; the other one's libraries are never imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from store.durable import Durable
    from store.settings import StoreSettings

__all__ = ["open_durable"]


def open_durable(settings: StoreSettings, *, checkpoints: bool = True) -> Durable:
    """Open the durable store.

    `checkpoints` is for the server, one a folder (a second is refused with FolderInUse); the command line
    passes False and works beside the server. PostgreSQL knows no such difference.
    """
    if settings.engine == "sqlite":
        from store.sqlite import SqliteDurable

        return SqliteDurable(settings.path, checkpoints=checkpoints)
    from store.postgres import PostgresDurable

    if settings.dsn_file is None:
        message = "store.dsn_file is required for the engine postgres"
        raise ValueError(message)
    dsn = settings.dsn_file.read_text(encoding="utf-8").strip()
    return PostgresDurable(dsn, connections=settings.connections)
