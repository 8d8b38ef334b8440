"""The expiring store on the durable one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from store import Durable, maintain, open_expiring


class Clock(Protocol):
    now: int

    def __call__(self) -> int: ...
    def advance(self, seconds: int) -> int: ...


def test_a_value_lives_until_its_end(durable: Durable, clock: Clock) -> None:
    expiring = open_expiring(durable, clock)
    expiring.put("a", b"1", clock.now + 10)
    clock.advance(9)
    assert expiring.get("a") == b"1"
    clock.advance(1)
    assert expiring.get("a") is None
    assert expiring.get("never") is None
    expiring.put("a", b"2", clock.now + 1)
    assert expiring.get("a") == b"2"


def test_bump_counts_within_the_period_that_the_first_began(durable: Durable, clock: Clock) -> None:
    expiring = open_expiring(durable, clock)
    assert [expiring.bump("a", clock.now + 10 + n) for n in range(3)] == [1, 2, 3]
    clock.advance(9)
    assert expiring.bump("a", clock.now + 10) == 4
    clock.advance(1)
    assert expiring.bump("a", clock.now + 10) == 1


def test_of_racing_bumps_and_swaps_none_is_lost(durable: Durable, clock: Clock) -> None:
    expiring = open_expiring(durable, clock)
    expiring.put("value", b"old", clock.now + 10)
    counts: list[int] = []
    swaps: list[bool] = []
    _together(10, lambda n: counts.append(expiring.bump("count", clock.now + 10)))
    _together(10, lambda n: swaps.append(expiring.swap("value", b"old", bytes([n]), clock.now + 10)))
    assert sorted(counts) == list(range(1, 11))
    assert swaps.count(True) == 1


def test_swap_takes_only_a_living_value(durable: Durable, clock: Clock) -> None:
    expiring = open_expiring(durable, clock)
    expiring.put("a", b"1", clock.now + 10)
    assert not expiring.swap("a", b"2", b"3", clock.now + 10)
    clock.advance(10)
    assert not expiring.swap("a", b"1", b"3", clock.now + 10)


def test_upkeep_sweeps_what_ended(durable: Durable, clock: Clock) -> None:
    expiring = open_expiring(durable, clock)
    for number in range(3):
        expiring.put(str(number), b"", clock.now + 5)
    expiring.put("lives", b"1", clock.now + 11)
    clock.advance(10)
    maintain(durable, clock.now)
    assert expiring.get("lives") == b"1"
    clock.advance(-10)
    assert expiring.get("0") is None


def _together(count: int, act: Callable[[int], object]) -> None:
    threads = [threading.Thread(target=act, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
