"""Numbers are contiguous, given once, by one sequencer at a time, to late commits too."""

from __future__ import annotations

import os
import threading

import psycopg

from ledger import Event, Sequencer, append, event_id
from ledger.sequencer import BATCH_SIZE
from store import SQL, Durable, Tx

NUMBERS = SQL("SELECT number, id FROM event ORDER BY number")
WAITING = SQL("SELECT COUNT(*) FROM event WHERE number IS NULL")


def some(tx: Tx, count: int, ms: int = 1) -> None:
    for _ in range(count):
        append(tx, Event(event_id(ms, os.urandom(10)), "t", 1, 1, None, "", "", b"", b"{}"))


def numbers(durable: Durable) -> list[int | None]:
    return [row[0] for row in durable.read(lambda tx: tx.rows(NUMBERS))]


def test_on_sqlite_an_event_has_its_number_at_once(sqlite_durable: Durable) -> None:
    sqlite_durable.write(lambda tx: some(tx, 3))
    assert numbers(sqlite_durable) == [1, 2, 3]
    assert Sequencer(sqlite_durable).step() == 0
    sqlite_durable.write(lambda tx: some(tx, 1, ms=0))
    assert numbers(sqlite_durable) == [1, 2, 3, 4]


def test_steps_number_everything_in_order_of_id(postgres_durable: Durable) -> None:
    durable = postgres_durable
    durable.write(lambda tx: some(tx, BATCH_SIZE + 20))
    sequencer = Sequencer(durable)
    assert [sequencer.step() for _ in range(3)] == [BATCH_SIZE, 20, 0]
    rows = durable.read(lambda tx: tx.rows(NUMBERS))
    assert [row[0] for row in rows] == list(range(1, BATCH_SIZE + 21))
    assert [row[1] for row in rows] == sorted(row[1] for row in rows)
    durable.write(lambda tx: some(tx, 1, ms=0))  # its id is lower than all, its number is not
    assert sequencer.step() == 1
    assert numbers(durable)[-1] == BATCH_SIZE + 21


def test_contiguous_with_two_sequencers_and_writers_that_sometimes_fail(durable: Durable) -> None:
    done = threading.Event()
    refusals: list[int] = []

    def refuse(tx: Tx) -> None:
        some(tx, 2)
        raise LookupError

    def write() -> None:
        for turn in range(40):
            try:
                durable.write(refuse if turn % 4 == 3 else lambda tx: some(tx, 2))
            except LookupError:
                refusals.append(turn)

    def sequence() -> None:
        sequencer = Sequencer(durable)
        while not done.is_set() or durable.read(lambda tx: tx.row(WAITING)) != (0,):
            sequencer.step()

    writers = [threading.Thread(target=write) for _ in range(4)]
    sequencers = [threading.Thread(target=sequence) for _ in range(2)]
    for thread in writers + sequencers:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in sequencers:
        thread.join()
    assert len(refusals) == 40
    assert numbers(durable) == list(range(1, 4 * 30 * 2 + 1))


def test_a_late_commit_gets_its_number_later(postgres_durable: Durable, postgres_dsn: str) -> None:
    sequencer = Sequencer(postgres_durable)
    with psycopg.connect(postgres_dsn) as late:
        late.execute(
            "INSERT INTO event (id, tag, version, at, actor, client, subject, body) "
            "VALUES ('\\x00', 't', 1, 1, '', '', '', '{}')"
        )
        postgres_durable.write(lambda tx: some(tx, 3))
        assert sequencer.step() == 3
        late.commit()
    assert sequencer.step() == 1
    rows = postgres_durable.read(lambda tx: tx.rows(NUMBERS))
    assert [row[0] for row in rows] == [1, 2, 3, 4]
    assert rows[3][1] == b"\x00"


def test_one_at_a_time(postgres_durable: Durable, postgres_dsn: str) -> None:
    postgres_durable.write(lambda tx: some(tx, 1))
    with psycopg.connect(postgres_dsn) as other:
        other.execute("SELECT pg_advisory_xact_lock(30796326453342819)")
        assert Sequencer(postgres_durable).step() == 0
    assert Sequencer(postgres_durable).step() == 1
