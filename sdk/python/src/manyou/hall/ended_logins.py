"""Logins that the provider has ended, remembered for as long as a hall's own sessions may live.

A hall whose sessions stand in its visitors' cookies cannot delete them; it keeps what ended, and asks.
Several processes share a file; without one, each remembers for itself, until it ends.
"""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from manyou.hall.logout_token import LoggedOut

__all__ = ["EndedLogins"]


class EndedLogins:
    """Safe to share between threads."""

    def __init__(self, file: Path | str = ":memory:") -> None:
        """``file``: SQLite's, made where it is missing, in a folder that the hall may write to."""
        import sqlite3  # not for halls that keep their sessions themselves

        self._lock = threading.Lock()
        self._store = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=5)
        self._closing = weakref.finalize(self, self._store.close)
        self._store.execute(
            "CREATE TABLE IF NOT EXISTS ended (name TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID"
        )
        self._store.execute("CREATE INDEX IF NOT EXISTS ended_at ON ended (at)")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._closing()

    def add(self, who: LoggedOut, now: int, *, kept: int) -> None:
        """Remember it; forget what ended more than ``kept`` seconds ago: no session is as old as that."""
        name = _sid(who.sid) if who.sid is not None else _sub(who.sub)
        with self._lock:
            self._store.execute("DELETE FROM ended WHERE at < ?", (now - kept,))
            self._store.execute(
                "INSERT INTO ended VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at = excluded.at",
                (name, now),
            )

    def holds(self, sub: str | None, sid: str | None, since: int) -> bool:
        """Whether a login that began at ``since`` (unix seconds) has been ended."""
        with self._lock:
            found = self._store.execute(
                "SELECT 1 FROM ended WHERE name IN (?, ?) AND at >= ? LIMIT 1", (_sid(sid), _sub(sub), since)
            ).fetchone()
        return found is not None


def _sid(sid: str | None) -> str:
    return f"sid:{sid}"


def _sub(sub: str | None) -> str:
    return f"sub:{sub}"
