"""What only the embedded engine can get wrong: groups, full disks, two servers, its log."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from manyou.errors import Unavailable
from store import SQL, Durable, FolderInUse, StoreSettings, Tx, migrate, open_durable
from store.sqlite import SqliteDurable

PUT = SQL("INSERT INTO expiring (key, value, count, ends) VALUES (:key, :value, 0, 0)")
KEYS = SQL("SELECT key FROM expiring ORDER BY key")
BROKEN = SQL("SELECT nothing FROM nowhere")


def put(key: str, size: int = 1) -> Callable[[Tx], str]:
    def work(tx: Tx) -> str:
        tx.run(PUT, key=key, value=bytes(size))
        return key

    return work


def keys(durable: Durable) -> list[str]:
    return [row[0] for row in durable.read(lambda tx: tx.rows(KEYS))]


def in_one_group(durable: Durable, works: list[Callable[[Tx], Any]]) -> list[Any]:
    """Submit all while the writer is held, so that they share one commit; return results or errors."""
    outcomes: dict[int, Any] = {}
    held, go = threading.Event(), threading.Event()

    def hold(_: Tx) -> None:
        held.set()
        go.wait(5)

    def call(number: int) -> None:
        try:
            outcomes[number] = durable.write(works[number])
        except BaseException as error:  # noqa: BLE001 it is the outcome
            outcomes[number] = error

    threads = [threading.Thread(target=durable.write, args=(hold,))]
    threads[0].start()
    held.wait(5)
    for number in range(len(works)):
        threads.append(threading.Thread(target=call, args=(number,)))
        threads[-1].start()
    assert isinstance(durable, SqliteDurable)
    while len(durable._writer._queue) < len(works):
        threading.Event().wait(0.001)
    go.set()
    for thread in threads:
        thread.join()
    return [outcomes[number] for number in range(len(works))]


def test_a_failing_work_does_not_undo_its_neighbours(sqlite_durable: Durable) -> None:
    def stubborn(tx: Tx) -> None:
        tx.run(PUT, key="undone", value=b"")
        try:
            tx.run(BROKEN)
        except Exception:  # noqa: BLE001 what a careless room might write
            tx.run(PUT, key="undone too", value=b"")

    def refuse(tx: Tx) -> None:
        tx.run(PUT, key="refused", value=b"")
        raise KeyboardInterrupt

    outcomes = in_one_group(sqlite_durable, [put("a"), refuse, put("b"), put("a"), stubborn, put("c")])
    assert [outcomes[n] for n in (0, 2, 5)] == ["a", "b", "c"]
    assert isinstance(outcomes[1], KeyboardInterrupt)
    assert isinstance(outcomes[3], Unavailable)
    assert isinstance(outcomes[4], Unavailable)
    assert keys(sqlite_durable) == ["a", "b", "c"]


def test_a_full_disk_fails_whom_it_must_and_nobody_else(sqlite_durable: Durable) -> None:
    assert isinstance(sqlite_durable, SqliteDurable)
    connection = sqlite_durable._connection
    pages = connection.pragma("page_count")
    connection.pragma("max_page_count", pages + 20)
    outcomes = in_one_group(
        sqlite_durable, [put("a"), put("huge", 1 << 20), put("b"), put("huge2", 1 << 20), put("c")]
    )
    assert [outcomes[n] for n in (0, 2, 4)] == ["a", "b", "c"]
    assert isinstance(outcomes[1], Unavailable)
    assert isinstance(outcomes[3], Unavailable)
    assert keys(sqlite_durable) == ["a", "b", "c"]
    connection.pragma("max_page_count", 1 << 30)
    assert sqlite_durable.write(put("d", 1 << 20)) == "d"


def test_a_disk_full_to_the_brim_loses_nothing_acknowledged(sqlite_durable: Durable) -> None:
    assert isinstance(sqlite_durable, SqliteDurable)
    connection = sqlite_durable._connection
    connection.pragma("max_page_count", connection.pragma("page_count") + 10)
    outcomes = in_one_group(sqlite_durable, [put(f"{n:03}", 1500) for n in range(60)])
    acknowledged = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert 0 < len(acknowledged) < 60
    assert all(isinstance(outcome, (str, Unavailable)) for outcome in outcomes)
    assert keys(sqlite_durable) == sorted(acknowledged)


def test_a_second_server_on_the_folder_is_refused(tmp_path: Path) -> None:
    first = open_durable(StoreSettings(path=tmp_path))
    with pytest.raises(FolderInUse):
        open_durable(StoreSettings(path=tmp_path))
    first.close()
    open_durable(StoreSettings(path=tmp_path)).close()


def test_the_command_line_works_beside_the_server_and_never_checkpoints(tmp_path: Path) -> None:
    server = open_durable(StoreSettings(path=tmp_path))
    migrate(server)
    log = tmp_path / "durable.sqlite-wal"
    for number in range(5):
        beside = open_durable(StoreSettings(path=tmp_path), checkpoints=False)
        assert beside.write(put(f"beside{number}")) == f"beside{number}"
        before = log.stat().st_size
        beside.close()
        assert log.stat().st_size == before > 0
        server.write(put(f"server{number}"))
    assert len(keys(server)) == 10
    server.close()
    assert not log.exists()
    # Alone, too: closing it leaves the log for the next server.
    alone = open_durable(StoreSettings(path=tmp_path), checkpoints=False)
    alone.write(put("alone"))
    alone.close()
    assert log.exists()
    server = open_durable(StoreSettings(path=tmp_path))
    assert "alone" in keys(server)
    server.close()


def test_racing_command_line_and_server_both_get_through(tmp_path: Path) -> None:
    server = open_durable(StoreSettings(path=tmp_path))
    migrate(server)
    beside = open_durable(StoreSettings(path=tmp_path), checkpoints=False)
    threads = [
        threading.Thread(target=lambda d=durable, n=name: [d.write(put(f"{n}{i}")) for i in range(50)])
        for durable, name in ((server, "s"), (beside, "b"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys(server)) == 100
    beside.close()
    server.close()


def test_a_store_that_stays_locked_is_unavailable_to_all_at_once_and_then_back(
    sqlite_durable: Durable,
) -> None:
    assert isinstance(sqlite_durable, SqliteDurable)
    sqlite_durable._connection.set_busy_timeout(50)
    other = apsw.Connection(sqlite_durable._path)
    other.execute("BEGIN IMMEDIATE")
    begun = time.monotonic()
    outcomes: list[Unavailable] = []

    def call(number: int) -> None:
        with pytest.raises(Unavailable) as caught:
            sqlite_durable.write(put(str(number)))
        outcomes.append(caught.value)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 30
    assert time.monotonic() - begun < 1.5
    other.execute("ROLLBACK")
    other.close()
    assert sqlite_durable.write(put("after")) == "after"


def test_closing_finishes_what_was_submitted_and_refuses_the_rest(tmp_path: Path) -> None:
    durable = open_durable(StoreSettings(path=tmp_path))
    migrate(durable)
    outcomes: list[Any] = []
    begun = threading.Barrier(9)

    def call(number: int) -> None:
        begun.wait()
        try:
            for turn in range(1000):
                outcomes.append(durable.write(put(f"{number}-{turn}")))  # noqa: PERF401 kept when the next one fails
        except Unavailable as error:
            outcomes.append(error)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    begun.wait()
    threading.Event().wait(0.05)
    durable.close()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()
    with pytest.raises(Unavailable):
        durable.write(put("late"))
    with pytest.raises(Unavailable):
        durable.read(lambda tx: tx.rows(KEYS))
    acknowledged = sorted(outcome for outcome in outcomes if isinstance(outcome, str))
    again = open_durable(StoreSettings(path=tmp_path))
    assert sorted(keys(again)) == acknowledged
    again.close()
