"""kill -9 while writing: what was acknowledged is there, what is there is whole, nothing is there twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from store import SQL, Durable, StoreSettings, migrate, open_durable
from store.postgres import PostgresDurable

# One statement, one snapshot: PostgreSQL may still be committing for a client that is dead.
WRITTEN = SQL("SELECT 'marker', value FROM spent UNION ALL SELECT 'event', subject FROM event")

# Eight threads spend a marker and append its event, and say so once it is acknowledged.
WRITER = """
import os, sys, threading
from pathlib import Path
from ledger import Event, append, event_id
from store import Marker, StoreSettings, open_durable, spend
where, begin = sys.argv[1], int(sys.argv[2])
if where.startswith("host="):
    from store.postgres import PostgresDurable
    durable = PostgresDurable(where)
else:
    durable = open_durable(StoreSettings(path=Path(where)))
def write(number):
    value = number.to_bytes(8, "big")
    def work(tx):
        assert spend(tx, Marker(b"o", "code", value, 1000, b"", 1, b"")).won
        append(tx, Event(event_id(number, os.urandom(10)), "t", 1, 1, None, "", "", value, b"{}"))
    durable.write(work)
    os.write(1, b"%d\\n" % number)
def run(thread):
    for turn in range(100_000):
        write(begin + turn * 8 + thread)
for thread in range(8):
    threading.Thread(target=run, args=(thread,)).start()
"""


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_nothing_acknowledged_is_lost_and_nothing_is_half_done(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    where = str(tmp_path / "store") if engine == "sqlite" else str(request.getfixturevalue("postgres_dsn"))
    durable = _open(where)
    migrate(durable)
    durable.close()
    acknowledged: set[int] = set()
    for turn in range(4):
        acknowledged |= _write_until_killed(where, turn * 1_000_000)
    durable = _open(where)
    written = [(row[0], int.from_bytes(row[1], "big")) for row in durable.read(lambda tx: tx.rows(WRITTEN))]
    markers = {number for kind, number in written if kind == "marker"}
    events = sorted(number for kind, number in written if kind == "event")
    durable.close()
    assert len(acknowledged) > 50
    assert acknowledged <= markers
    assert events == sorted(markers)


def _open(where: str) -> Durable:
    if where.startswith("host="):
        return PostgresDurable(where)
    return open_durable(StoreSettings(path=Path(where)))


def _write_until_killed(where: str, begin: int) -> set[int]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, where, str(begin)], stdout=subprocess.PIPE, env=environment
    ) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline()]  # from here on it writes
        time.sleep(random.uniform(0.05, 0.2))
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.readlines()
    return {int(line) for line in lines if line.endswith(b"\n")}
