"""What Redis may do to us: go, come back empty, be slow, change places, be full. It costs a retry at most."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from manyou.errors import Unavailable
from store import Durable, Expiring, StoreSettings, open_expiring
from store.expiring_redis import QUIET_SECONDS
from store.settings import ExpiringEngine
from tests.conftest import ManualClock
from tests.redis_server import RedisCluster, RedisNode


@pytest.fixture
def node(tmp_path: Path) -> Iterator[RedisNode]:
    """A server of the test's own, to be ill-treated."""
    found = RedisNode(tmp_path)
    yield found
    found.stop()


def opened(folder: Path, durable: Durable, clock: ManualClock, url: str, engine: ExpiringEngine) -> Expiring:
    file = folder / "url"
    file.write_text(url)
    return open_expiring(durable, clock, StoreSettings(expiring=engine, expiring_url_file=file))


def refused(expiring: Expiring, clock: ManualClock) -> float:
    """Every act is refused so that callers try again; returns seconds of the slowest."""
    slowest = 0.0
    for act in (
        lambda: expiring.put("a", b"1", clock.now + 10),
        lambda: expiring.get("a"),
        lambda: expiring.bump("n", clock.now + 10),
        lambda: expiring.swap("a", b"1", b"2", clock.now + 10),
    ):
        begun = time.monotonic()
        with pytest.raises(Unavailable) as caught:
            act()
        assert caught.value.retry_after == 1
        slowest = max(slowest, time.monotonic() - begun)
    return slowest


def test_gone_and_back_empty(
    tmp_path: Path, node: RedisNode, sqlite_durable: Durable, clock: ManualClock
) -> None:
    expiring = opened(tmp_path, sqlite_durable, clock, node.url, "redis")
    expiring.put("a", b"1", clock.now + 10)
    assert expiring.bump("n", clock.now + 10) == 1
    node.stop()
    assert refused(expiring, clock) < 1
    node.start()
    assert expiring.get("a") is None
    assert expiring.bump("n", clock.now + 10) == 1
    expiring.close()
    refused(expiring, clock)


def test_a_restart_between_two_calls_is_not_noticed(
    tmp_path: Path, node: RedisNode, sqlite_durable: Durable, clock: ManualClock
) -> None:
    expiring = opened(tmp_path, sqlite_durable, clock, node.url, "redis")
    assert expiring.bump("n", clock.now + 10) == 1
    node.stop()
    node.start()
    assert expiring.bump("n", clock.now + 10) == 1
    expiring.close()


def test_it_may_come_after_us(
    tmp_path: Path, node: RedisNode, sqlite_durable: Durable, clock: ManualClock
) -> None:
    node.stop()
    expiring = opened(tmp_path, sqlite_durable, clock, node.url, "redis")
    refused(expiring, clock)
    node.start()
    assert expiring.bump("n", clock.now + 10) == 1
    expiring.close()


def test_slow_is_refused_soon(
    tmp_path: Path, node: RedisNode, sqlite_durable: Durable, clock: ManualClock
) -> None:
    expiring = opened(tmp_path, sqlite_durable, clock, node.url, "redis")
    expiring.put("a", b"1", clock.now + 10)
    node.slow(20)
    begun = time.monotonic()
    with pytest.raises(Unavailable):
        expiring.get("a")
    assert time.monotonic() - begun < 2
    waited_in_vain(expiring)
    node.stop()
    node.start()
    time.sleep(QUIET_SECONDS)
    assert expiring.get("a") is None
    expiring.close()


def waited_in_vain(expiring: Expiring) -> None:
    """Of thirty callers at once hardly one waits for each time limit."""
    times: list[float] = []

    def ask() -> None:
        begun = time.monotonic()
        with pytest.raises(Unavailable):
            expiring.get("a")
        times.append(time.monotonic() - begun)

    begun = time.monotonic()
    for _ in range(3):
        threads = [threading.Thread(target=ask) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(times) == 30
    assert time.monotonic() - begun < 8


def test_a_slow_cluster_holds_no_crowd(
    tmp_path: Path, redis_cluster: RedisCluster, sqlite_durable: Durable, clock: ManualClock
) -> None:
    expiring = opened(tmp_path, sqlite_durable, clock, redis_cluster.url, "redis-cluster")
    expiring.put("a", b"1", clock.now + 10)
    for node in redis_cluster.nodes:
        node.slow(20)
    waited_in_vain(expiring)
    expiring.close()
    redis_cluster.stop()
    redis_cluster.start()


def test_a_demoted_node_is_asked_no_longer_than_it_must(
    tmp_path: Path, node: RedisNode, sqlite_durable: Durable, clock: ManualClock
) -> None:
    expiring = opened(tmp_path, sqlite_durable, clock, node.url, "redis")
    expiring.put("a", b"1", clock.now + 10)
    node.command("REPLICAOF", "127.0.0.1", 1)
    with pytest.raises(Unavailable):
        expiring.put("a", b"2", clock.now + 10)
    node.command("REPLICAOF", "NO", "ONE")
    expiring.put("a", b"2", clock.now + 10)
    assert expiring.get("a") == b"2"
    expiring.close()


def test_full_refuses_and_evicting_forgets(
    tmp_path: Path, node: RedisNode, sqlite_durable: Durable, clock: ManualClock
) -> None:
    expiring = opened(tmp_path, sqlite_durable, clock, node.url, "redis")
    expiring.put("a", b"1", clock.now + 10)
    node.command("CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(Unavailable):
        expiring.put("b", b"1", clock.now + 10)
    node.command("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
    with suppress(Unavailable):  # there is never room enough
        expiring.bump("n", clock.now + 10)
    assert expiring.get("a") is None
    node.command("CONFIG", "SET", "maxmemory", "0")
    expiring.put("a", b"2", clock.now + 10)
    assert expiring.get("a") == b"2"
    expiring.close()


def test_a_cluster_gone_and_back(
    tmp_path: Path, redis_cluster: RedisCluster, sqlite_durable: Durable, clock: ManualClock
) -> None:
    expiring = opened(tmp_path, sqlite_durable, clock, redis_cluster.url, "redis-cluster")
    keys = [f"key {number}" for number in range(12)]  # on all three nodes
    for key in keys:
        expiring.put(key, b"1", clock.now + 10)
    redis_cluster.stop()
    for key in keys[:3]:
        with pytest.raises(Unavailable):
            expiring.get(key)
    redis_cluster.start()
    ends = time.monotonic() + 5
    for key in keys:
        while True:
            try:
                expiring.put(key, b"2", clock.now + 10)
                break
            except Unavailable:
                assert time.monotonic() < ends
                time.sleep(0.05)
        assert expiring.get(key) == b"2"
    expiring.close()


def test_slots_that_move_to_another_node_are_followed(
    tmp_path: Path, redis_cluster: RedisCluster, sqlite_durable: Durable, clock: ManualClock
) -> None:
    expiring = opened(tmp_path, sqlite_durable, clock, redis_cluster.url, "redis-cluster")
    assert expiring.bump("n", clock.now + 10) == 1
    slot = redis_cluster.nodes[0].command("CLUSTER", "KEYSLOT", "manyou:n:n")
    assert isinstance(slot, int)
    ids = [node.command("CLUSTER", "MYID") for node in redis_cluster.nodes]
    owner = slot * 3 // 16_384
    other = (owner + 1) % 3
    redis_cluster.nodes[owner].command("FLUSHALL")
    texts = [each.decode() if isinstance(each, bytes) else str(each) for each in ids]
    for place in (other, owner, 3 - owner - other):
        redis_cluster.nodes[place].command("CLUSTER", "SETSLOT", slot, "NODE", texts[other])
    redis_cluster.nodes[other].command("CLUSTER", "BUMPEPOCH")  # the newer claim to it counts
    assert [expiring.bump("n", clock.now + 10) for _ in range(2)] == [1, 2]
    expiring.close()
    for place in (owner, other, 3 - owner - other):  # back again, for the next test
        redis_cluster.nodes[place].command("FLUSHALL")
        redis_cluster.nodes[place].command("CLUSTER", "SETSLOT", slot, "NODE", texts[owner])
    redis_cluster.nodes[owner].command("CLUSTER", "BUMPEPOCH")
