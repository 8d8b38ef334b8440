"""What only PostgreSQL can get wrong: deadlocks, lost connections, a server that goes and comes."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from manyou.errors import Unavailable
from store import SQL, Durable, Tx
from store.postgres import PostgresDurable
from tests.postgres_server import Server

PUT = SQL("INSERT INTO expiring (key, value, count, ends) VALUES (:key, NULL, 0, 0)")
ADD = SQL("UPDATE expiring SET count = count + 1 WHERE key = :key")
COUNT = SQL("SELECT SUM(count) FROM expiring")
KEYS = SQL("SELECT key FROM expiring ORDER BY key")


def test_a_deadlock_is_run_again(postgres_durable: Durable) -> None:
    postgres_durable.write(lambda tx: [tx.run(PUT, key=key) for key in "ab"])
    met = threading.Barrier(2)
    runs: list[str] = []

    def cross(first: str, second: str) -> None:
        def work(tx: Tx) -> None:
            runs.append(first)
            tx.run(ADD, key=first)
            if len(runs) <= 2:
                met.wait(5)
            tx.run(ADD, key=second)

        postgres_durable.write(work)

    threads = [threading.Thread(target=cross, args=pair) for pair in ("ab", "ba")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) >= 3
    row = postgres_durable.read(lambda tx: tx.row(COUNT))
    assert row is not None
    assert row[0] == 4


def test_a_connection_lost_before_the_commit_is_no_failure(
    postgres_durable: Durable, postgres_dsn: str
) -> None:
    runs: list[int] = []

    def work(tx: Tx) -> None:
        runs.append(1)
        tx.run(PUT, key="once")
        if len(runs) == 1:
            _end_connections(postgres_dsn)
        tx.run(ADD, key="once")

    postgres_durable.write(work)
    assert len(runs) == 2
    assert postgres_durable.read(lambda tx: tx.rows(KEYS)) == [("once",)]


def test_all_idle_connections_lost_is_no_failure(postgres_durable: Durable, postgres_dsn: str) -> None:
    threads = [
        threading.Thread(
            target=postgres_durable.read, args=(lambda tx: tx.rows(SQL("SELECT pg_sleep(0.1)")),)
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _end_connections(postgres_dsn)
    postgres_durable.write(lambda tx: tx.run(PUT, key="a"))


def test_a_lock_that_is_held_too_long_is_unavailable(postgres_durable: Durable, postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn) as other:
        other.execute("LOCK TABLE expiring IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(Unavailable):
            postgres_durable.write(
                lambda tx: (tx.run(SQL("SET LOCAL lock_timeout = '50ms'")), tx.run(PUT, key="a"))
            )


@pytest.fixture
def own_server() -> Iterator[Server]:
    server = Server(Path(tempfile.mkdtemp(prefix="manyou-postgres-own-")))
    server.start_once()
    server.create("manyou")
    yield server
    server.remove()


def test_the_server_goes_and_comes_back(own_server: Server) -> None:
    durable = PostgresDurable(own_server.dsn("manyou"))
    acknowledged: list[str] = []
    refused: list[Unavailable] = []
    stop = threading.Event()

    def call(number: int) -> None:
        turn = 0
        while not stop.is_set():
            turn += 1
            key = f"{number}-{turn:06}"
            try:
                durable.write(lambda tx, key=key: tx.run(PUT, key=key))  # type: ignore[misc]
                acknowledged.append(key)
            except Unavailable as error:
                refused.append(error)
                stop.wait(0.05)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    own_server.stop("immediate")  # as a crash: no checkpoint, connections cut
    time.sleep(0.5)
    own_server.start()
    before, deadline = len(acknowledged), time.monotonic() + 10
    while len(acknowledged) <= before + 50 and time.monotonic() < deadline:
        time.sleep(0.02)
    stop.set()
    for thread in threads:
        thread.join()
    keys = {row[0] for row in durable.read(lambda tx: tx.rows(KEYS))}
    durable.close()
    assert refused
    assert len(acknowledged) > before + 50
    assert set(acknowledged) <= keys


def _end_connections(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as killer:
        killer.execute(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'manyou'"
        )
