"""One contract for the expiring store: in the durable one (both engines), a Redis node, a Redis Cluster."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from store import Durable, Expiring, StoreSettings, maintain, open_expiring


class Clock(Protocol):
    now: int

    def __call__(self) -> int: ...
    def advance(self, seconds: int) -> int: ...


@pytest.fixture(params=["sqlite", "postgres", "redis", "redis-cluster"])
def expiring(request: pytest.FixtureRequest, clock: Clock, tmp_path: Path) -> Iterator[Expiring]:
    """An empty store; in Redis under a prefix of the test's own."""
    if request.param in ("sqlite", "postgres"):
        yield open_expiring(request.getfixturevalue(f"{request.param}_durable"), clock)
        return
    server = request.getfixturevalue(request.param.replace("-", "_"))
    url_file = tmp_path / "redis-url"
    url_file.write_text(server.url)
    settings = StoreSettings(
        expiring=request.param, expiring_url_file=url_file, expiring_prefix=request.node.name
    )
    found = open_expiring(request.getfixturevalue("sqlite_durable"), clock, settings)
    yield found
    found.close()


def test_a_value_lives_until_its_end(expiring: Expiring, clock: Clock) -> None:
    expiring.put("a", b"1", clock.now + 10)
    clock.advance(9)
    assert expiring.get("a") == b"1"
    clock.advance(1)
    assert expiring.get("a") is None
    assert expiring.get("never") is None
    expiring.put("a", b"2", clock.now + 1)
    assert expiring.get("a") == b"2"


def test_bump_counts_within_the_period_that_the_first_began(expiring: Expiring, clock: Clock) -> None:
    assert [expiring.bump("a", clock.now + 10 + n) for n in range(3)] == [1, 2, 3]
    clock.advance(9)
    assert expiring.bump("a", clock.now + 10) == 4
    clock.advance(1)
    assert expiring.bump("a", clock.now + 10) == 1


def test_of_racing_bumps_and_swaps_none_is_lost(expiring: Expiring, clock: Clock) -> None:
    expiring.put("value", b"old", clock.now + 10)
    counts: list[int] = []
    swaps: list[bool] = []
    _together(10, lambda n: counts.append(expiring.bump("count", clock.now + 10)))
    _together(10, lambda n: swaps.append(expiring.swap("value", b"old", bytes([n]), clock.now + 10)))
    assert sorted(counts) == list(range(1, 11))
    assert swaps.count(True) == 1


def test_swap_takes_only_a_living_value(expiring: Expiring, clock: Clock) -> None:
    expiring.put("a", b"1", clock.now + 10)
    assert not expiring.swap("a", b"2", b"3", clock.now + 10)
    clock.advance(10)
    assert not expiring.swap("a", b"1", b"3", clock.now + 10)


def test_many_keys_and_any_bytes(expiring: Expiring, clock: Clock) -> None:
    values = {f"par:{number}:\u6f2b {{x}}": bytes([number, 0, 255]) * number for number in range(40)}
    for key, value in values.items():
        expiring.put(key, value, clock.now + 10)
        assert expiring.bump(key + "#", clock.now + 10) == 1
    assert {key: expiring.get(key) for key in values} == values
    for key, value in values.items():
        assert expiring.swap(key, value, b"\0" + value, clock.now + 10)
    assert {key: expiring.get(key) for key in values} == {k: b"\0" + v for k, v in values.items()}


def test_put_replaces_value_and_end(expiring: Expiring, clock: Clock) -> None:
    expiring.put("a", b"1", clock.now + 10)
    expiring.put("a", b"2", clock.now + 20)
    clock.advance(19)
    assert expiring.get("a") == b"2"
    expiring.put("a", b"3", clock.now)
    assert expiring.get("a") is None


def test_swap_replaces_value_and_end(expiring: Expiring, clock: Clock) -> None:
    expiring.put("a", b"1", clock.now + 10)
    assert expiring.swap("a", b"1", b"2", clock.now + 20)
    clock.advance(19)
    assert expiring.get("a") == b"2"
    clock.advance(1)
    assert expiring.get("a") is None


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
