"""Fifty callers and one number: one holder, on both engines."""

from __future__ import annotations

import threading
from collections.abc import Callable

import holders
import keys
from holders import AliasTaken, NotMergeable, Register, records
from keys import Keys, KeySettings
from store import SQL, Durable
from tests.conftest import ManualClock

NUMBER = "350000199001010018"


def at_once(calls: list[Callable[[], object]]) -> None:
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> None:
        barrier.wait()
        call()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def counted(durable: Durable) -> tuple[int, int]:
    row = durable.read(
        lambda tx: tx.row(SQL("SELECT (SELECT COUNT(*) FROM holder), (SELECT COUNT(*) FROM holder_alias)"))
    )
    assert row is not None
    return int(row[0]), int(row[1])


def test_fifty_enrol_one_number(register: Register, durable: Durable) -> None:
    spellings = [NUMBER, " " + NUMBER, "３" + NUMBER[1:]]
    found = []
    at_once([lambda i=i: found.append(register.enrol("111", spellings[i % 3], "x")) for i in range(50)])  # type: ignore[misc]
    assert len(found) == 50
    assert len({each.holder_key for each in found}) == 1
    assert sum(each.created for each in found) == 1
    assert counted(durable) == (1, 1)


def test_workers_in_the_middle_of_a_rotation(
    register: Register, rings: Keys, settings: KeySettings, durable: Durable, clock: ManualClock
) -> None:
    """One has not seen the new index key yet, the other has: still one holder."""
    rotated = keys.build(settings, durable, clock)
    rotated.rotate("blind-index", "A256")
    ahead = holders.build(durable, rotated, clock)
    assert len(rings.blind_indexes("holder", "x")) == 1
    assert len(rotated.blind_indexes("holder", "x")) == 2
    found = []
    at_once(
        [
            lambda i=i: found.append((ahead, register)[i % 2].enrol("111", NUMBER, "x"))  # type: ignore[misc]
            for i in range(50)
        ]
    )
    assert len({each.holder_key for each in found}) == 1
    assert sum(each.created for each in found) == 1
    assert counted(durable)[0] == 1


def test_one_number_added_to_two_holders(register: Register, durable: Durable) -> None:
    keys_ = [register.enrol("414", f"E0000000{i}", "x").holder_key for i in range(8)]
    taken = []

    def add(key: bytes) -> None:
        try:
            register.add_alias(key, "111", NUMBER, "x")
        except AliasTaken:
            taken.append(key)

    at_once([lambda key=key: add(key) for key in keys_])  # type: ignore[misc]
    assert len(taken) == 7
    assert {register.find("111", NUMBER)} == set(keys_) - set(taken)


def test_two_merges_that_cross(register: Register, durable: Durable) -> None:
    one = register.enrol("414", "E00000001", "x").holder_key
    two = register.enrol("414", "E00000002", "x").holder_key
    refused = []

    def merge(gone: bytes, into: bytes) -> None:
        try:
            register.merge(gone, into)
        except (NotMergeable, AliasTaken):
            refused.append(gone)

    at_once([lambda: merge(one, two), lambda: merge(two, one)])
    assert len(refused) == 1
    kept = refused[0]
    assert register.find("414", "E00000001") == register.find("414", "E00000002") == kept
    assert set(durable.read(lambda tx: records.family(tx, kept))) == {one, two}
