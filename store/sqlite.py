"""The embedded engine: apsw, WAL, one writer thread with group commit, a reading connection a thread.

Commits are fully synced (`synchronous=FULL`). Only the server checkpoints; the command line opens with
checkpoints off, also on close, and works beside it under SQLite's own lock.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakSet

import apsw

from store.errors import FolderInUse, unavailable
from store.sqlite_tx import SqliteTx
from store.writer import Writer, translated

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from store.durable import Engine, Tx

__all__ = ["SqliteDurable"]

T = TypeVar("T")

_BUSY_MILLISECONDS = 5000
_CHECKPOINT_PAGES = 16_000
_WAL_LIMIT_BYTES = 64 << 20
_WRITER_CACHE_KIBIBYTES = 8192
_READER_CACHE_KIBIBYTES = 256  # 64 reading threads stay within 16 MiB; the kernel's cache serves them
_STATEMENTS_CACHED = 512
# Two connections resetting the log at once could corrupt older databases.
_OLDEST_SAFE_SQLITE = 3_051_003


class SqliteDurable:
    """A durable store in one folder: `durable.sqlite`, its log, and the server's lock file."""

    engine: Engine = "sqlite"

    def __init__(self, folder: Path, *, checkpoints: bool = True) -> None:
        """Open or create; with `checkpoints` as the folder's one server, else beside it."""
        if apsw.SQLITE_VERSION_NUMBER < _OLDEST_SAFE_SQLITE:
            message = f"SQLite {apsw.sqlite_lib_version()} can corrupt its log; 3.51.3 or newer is needed"
            raise RuntimeError(message)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = str(folder / "durable.sqlite")
        self._lock = _lock_folder(folder) if checkpoints else None
        self._closed = False
        self._local = threading.local()
        self._readers: WeakSet[apsw.Connection] = WeakSet()
        try:
            self._connection = _connect(self._path, checkpoints=checkpoints, cache=_WRITER_CACHE_KIBIBYTES)
        except apsw.Error as error:
            self._unlock()
            raise translated(error) from error
        self._writer = Writer(self._connection, SqliteTx(self._connection))

    def write(self, work: Callable[[Tx], T], /) -> T:
        """Run the work in the next group; return once it is durable."""
        return self._writer.submit(work)

    def read(self, work: Callable[[Tx], T], /) -> T:
        """Run the work on this thread's own connection, on one snapshot."""
        try:
            connection, tx, execute = self._reader()
            if connection.in_transaction:
                message = "a work may not start another work"
                raise RuntimeError(message)
            tx.failure = None
            execute("BEGIN")
            try:
                return work(tx)
            finally:
                if connection.in_transaction:
                    execute("ROLLBACK")
        except apsw.Error as error:
            raise translated(error) from error

    def time(self) -> float:
        """Return this machine's clock: the embedded store has no other."""
        return time.time()

    def close(self) -> None:
        """Finish what was submitted, close all connections, release the folder."""
        if self._closed:
            return
        self._closed = True
        self._writer.close()
        for reader in list(self._readers):
            reader.close()
        self._connection.close()
        self._unlock()

    def _reader(self) -> tuple[apsw.Connection, SqliteTx, Callable[[str], apsw.Cursor]]:
        found: tuple[apsw.Connection, SqliteTx, Callable[[str], apsw.Cursor]]
        try:
            found = self._local.reader
        except AttributeError:
            if self._closed:
                raise unavailable("the store is closed") from None
            connection = _connect(self._path, checkpoints=False, cache=_READER_CACHE_KIBIBYTES)
            connection.execute("PRAGMA query_only = ON")
            self._readers.add(connection)
            found = self._local.reader = (connection, SqliteTx(connection), connection.cursor().execute)
        return found

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _connect(path: str, *, checkpoints: bool, cache: int) -> apsw.Connection:
    connection = apsw.Connection(path, statementcachesize=_STATEMENTS_CACHED)
    connection.set_busy_timeout(_BUSY_MILLISECONDS)
    if not checkpoints:
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    # Plans do not look at bound values: with STAT4 built in, SQLite else prepares joins anew at every call
    # (a statement over five tables: 60 against 7 microseconds).
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "temp_store = MEMORY",
        f"cache_size = -{cache}",
        f"journal_size_limit = {_WAL_LIMIT_BYTES}",
        f"wal_autocheckpoint = {_CHECKPOINT_PAGES if checkpoints else 0}",
    ):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _lock_folder(folder: Path) -> int:
    """Take the server's lock; it falls with the process, so a crash leaves nothing to clean up."""
    descriptor = os.open(folder / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise FolderInUse(detail=str(folder)) from error
    return descriptor
