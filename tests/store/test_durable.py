"""What both engines promise of works."""

from __future__ import annotations

import threading
from functools import partial

import apsw
import psycopg
import pytest

from manyou.errors import Conflict, Unavailable
from store import SQL, ConstraintBroken, Durable, Tx

PUT = SQL("INSERT INTO expiring (key, value, count, ends) VALUES (:key, :value, :count, :ends)")
KEYS = SQL("SELECT key FROM expiring ORDER BY key")
ALL = SQL("SELECT key, value, count, ends FROM expiring ORDER BY key")
UPDATE = SQL(
    "UPDATE expiring SET count = count + 1, key = key WHERE key >= :key AND ends = :ends AND :key <> ''"
)
BROKEN = SQL("SELECT nothing FROM nowhere")


def put(tx: Tx, key: str) -> str:
    tx.run(PUT, key=key, value=b"\x00\xff", count=0, ends=1)
    return key


def keys(durable: Durable) -> list[str]:
    return [row[0] for row in durable.read(lambda tx: tx.rows(KEYS))]


def test_values_come_back_as_they_went_in(durable: Durable) -> None:
    rows = [("一", b"\x00\xff", -(2**63), 2**63 - 1), ("二 %s $1 :x", None, 0, 1), ("𬭎", b"", 1, 0)]

    def work(tx: Tx) -> None:
        for key, value, count, ends in rows:
            tx.run(PUT, key=key, value=value, count=count, ends=ends)

    durable.write(work)
    assert durable.read(lambda tx: tx.rows(ALL)) == rows
    assert durable.read(lambda tx: tx.row(ALL)) == rows[0]


def test_run_returns_rows_changed_and_a_name_may_stand_twice(durable: Durable) -> None:
    durable.write(lambda tx: [put(tx, key) for key in "abc"])
    assert durable.write(lambda tx: tx.run(UPDATE, key="b", ends=1)) == 2
    assert durable.write(lambda tx: tx.run(UPDATE, key="b", ends=2)) == 0
    assert durable.read(lambda tx: tx.row(SQL("SELECT key FROM expiring WHERE key = 'x'"))) is None


def test_load_inserts_many_plain_or_not(durable: Durable) -> None:
    rows = [
        {"key": f"{n:04}\t\\", "value": None if n % 2 else b"\\x00", "count": n, "ends": 1}
        for n in range(1000)
    ]
    guarded = SQL(f"{PUT} ON CONFLICT DO NOTHING")
    assert PUT.copy is not None
    assert guarded.copy is None
    durable.write(lambda tx: tx.load(PUT, rows))
    durable.write(lambda tx: tx.load(guarded, rows))
    assert durable.read(lambda tx: tx.rows(ALL)) == [tuple(row.values()) for row in rows]


def test_raising_undoes_this_work_only_and_reaches_the_caller(durable: Durable) -> None:
    def refuse(tx: Tx) -> None:
        put(tx, "refused")
        raise Conflict

    durable.write(lambda tx: put(tx, "kept"))
    with pytest.raises(Conflict):
        durable.write(refuse)
    assert keys(durable) == ["kept"]


@pytest.mark.parametrize("raised", [KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError])
def test_whatever_a_work_raises_the_store_goes_on(durable: Durable, raised: type[BaseException]) -> None:
    def work(tx: Tx) -> None:
        put(tx, "undone")
        raise raised

    with pytest.raises(raised):
        durable.write(work)
    with pytest.raises(raised):
        durable.read(lambda tx: _raise(tx, raised))
    durable.write(lambda tx: put(tx, "after"))
    assert keys(durable) == ["after"]


def test_a_failed_statement_fails_the_work_even_if_it_goes_on(durable: Durable) -> None:
    def stubborn(tx: Tx) -> str:
        put(tx, "before")
        for statement in (lambda: tx.run(BROKEN), lambda: put(tx, "after")):
            with pytest.raises((apsw.Error, psycopg.Error)):
                statement()
        return "done"

    with pytest.raises(Unavailable):
        durable.write(stubborn)
    assert keys(durable) == []


def test_failures_are_unavailable_and_say_when_to_come_again(durable: Durable) -> None:
    with pytest.raises(Unavailable) as caught:
        durable.read(lambda tx: tx.rows(BROKEN))
    assert caught.value.retry_after >= 1
    durable.write(lambda tx: put(tx, "a"))
    with pytest.raises(ConstraintBroken):
        durable.write(lambda tx: put(tx, "a"))


def test_reading_changes_nothing(durable: Durable) -> None:
    with pytest.raises(Unavailable):
        durable.read(lambda tx: put(tx, "a"))
    assert keys(durable) == []


def test_a_read_is_one_snapshot(durable: Durable) -> None:
    durable.write(lambda tx: put(tx, "a"))
    looked, written = threading.Event(), threading.Event()

    def look(tx: Tx) -> tuple[int, int]:
        before = len(tx.rows(KEYS))
        looked.set()
        written.wait(5)
        return before, len(tx.rows(KEYS))

    seen: list[tuple[int, int]] = []
    reader = threading.Thread(target=lambda: seen.append(durable.read(look)))
    reader.start()
    looked.wait(5)
    durable.write(lambda tx: put(tx, "b"))
    written.set()
    reader.join()
    assert seen == [(1, 1)]
    assert keys(durable) == ["a", "b"]


def test_works_do_not_nest(durable: Durable) -> None:
    with pytest.raises(RuntimeError, match="another work"):
        durable.write(lambda _: durable.write(lambda tx: put(tx, "a")))
    with pytest.raises(RuntimeError, match="another work"):
        durable.read(lambda _: durable.read(lambda tx: tx.rows(KEYS)))
    durable.write(lambda tx: put(tx, "b"))
    assert keys(durable) == ["b"]


def test_many_callers_each_get_their_own_result(durable: Durable) -> None:
    results: dict[int, int] = {}

    def call(number: int) -> None:
        for turn in range(10):
            key = f"{number}-{turn}"
            assert durable.write(partial(_put_key, key)) == key
        results[number] = 1

    threads = [threading.Thread(target=call, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 20
    assert len(keys(durable)) == 200


def test_the_store_tells_its_time(durable: Durable) -> None:
    assert durable.time() > 1_700_000_000


def _put_key(key: str, tx: Tx) -> str:
    return put(tx, key)


def _raise(tx: Tx, raised: type[BaseException]) -> None:
    tx.rows(KEYS)
    raise raised


def test_what_is_executed_later_is_seen_by_the_next_statement(durable: Durable) -> None:
    def work(tx: Tx) -> list[str]:
        tx.later(PUT, key="a", value=None, count=0, ends=1)
        tx.later(PUT, key="b", value=None, count=0, ends=1)
        return [row[0] for row in tx.rows(KEYS)]

    assert durable.write(work) == ["a", "b"]
    durable.write(lambda tx: tx.later(PUT, key="c", value=None, count=0, ends=1))
    assert keys(durable) == ["a", "b", "c"]


@pytest.mark.parametrize("goes_on", [True, False])
def test_what_fails_later_undoes_the_work(durable: Durable, *, goes_on: bool) -> None:
    put_a = partial(put, key="a")
    durable.write(put_a)

    def work(tx: Tx) -> None:
        put(tx, "b")
        tx.later(PUT, key="a", value=None, count=0, ends=1)
        if goes_on:
            put(tx, "c")

    with pytest.raises(ConstraintBroken):
        durable.write(work)
    assert keys(durable) == ["a"]
    assert durable.write(lambda tx: put(tx, "d")) == "d"


def test_a_work_that_raises_before_what_it_sent_is_answered_changes_nothing(durable: Durable) -> None:
    def work(tx: Tx) -> None:
        tx.later(PUT, key="a", value=None, count=0, ends=1)
        raise Conflict

    with pytest.raises(Conflict):
        durable.write(work)
    assert keys(durable) == []


def test_a_work_without_statements_is_one_too(durable: Durable) -> None:
    assert durable.write(lambda _tx: 1) == 1
    assert durable.read(lambda _tx: 2) == 2
    assert keys(durable) == []
