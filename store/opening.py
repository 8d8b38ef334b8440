"""Open the configured engine; the other one's libraries are never imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from store.durable import Durable
    from store.settings import StoreSettings

__all__ = ["open_durable", "open_sequencer"]


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
    return PostgresDurable(_read(settings.dsn_file), connections=settings.connections)


def open_sequencer(settings: StoreSettings) -> Durable | None:
    """Open the store once more as the sequencer's role; None where that has none of its own."""
    if settings.engine == "sqlite" or settings.sequencer_dsn_file is None:
        return None
    from store.postgres import PostgresDurable

    return PostgresDurable(_read(settings.sequencer_dsn_file), connections=1)


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8").strip()
