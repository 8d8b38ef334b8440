"""What the parent adds up and when it says ready; the listener itself is asked in test_workers."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from service.watch.listener import LATELY_SECONDS, SILENT_SECONDS, Listener, Workers
from service.watch.metrics import CountedDurable, Metrics
from store import SQL, Durable
from tests.conftest import ManualClock
from tests.service.conftest import free_ports

READY = {"ready": True, "series": {"manyou_requests_total{a}": 3}, "gauges": {"manyou_feed_age_seconds": 0.2}}


@pytest.fixture
def workers(clock: ManualClock) -> Workers:
    return Workers(clock)


def test_ready_when_every_worker_that_lives_is(workers: Workers, clock: ManualClock) -> None:
    assert workers.why_not_ready() == "no_worker"
    workers.heard(1, READY)
    assert not workers.why_not_ready()
    workers.heard(2, {**READY, "ready": "clock_differs_from_store"})
    assert workers.why_not_ready() == "clock_differs_from_store"
    workers.ended(2)
    assert not workers.why_not_ready()
    clock.advance(int(LATELY_SECONDS) + 1)
    assert workers.why_not_ready() == "worker_silent"
    workers.heard(1, READY)
    workers.draining = True
    assert workers.why_not_ready() == "draining"


def test_alive_until_all_have_fallen_silent(workers: Workers, clock: ManualClock) -> None:
    assert workers.alive()
    workers.heard(1, READY)
    clock.advance(int(SILENT_SECONDS))
    assert workers.alive()
    clock.advance(1)
    assert not workers.alive()


def test_counts_are_added_up_and_outlive_their_worker(workers: Workers) -> None:
    workers.heard(1, READY)
    workers.heard(2, {**READY, "gauges": {"manyou_feed_age_seconds": 1.5}})
    workers.heard(2, {**READY, "series": {"manyou_requests_total{a}": 4, "manyou_requests_total{b}": 1}})
    workers.ended(1)
    workers.heard(3, READY)
    lines = workers.text().splitlines()
    assert "manyou_requests_total{a} 10" in lines
    assert "manyou_requests_total{b} 1" in lines
    assert "manyou_feed_age_seconds 0.2" in lines
    assert "manyou_workers 2" in lines
    assert "manyou_ready 1" in lines


def test_a_histogram_counts_up_to_each_bound() -> None:
    metrics = Metrics()
    for seconds in (0.0005, 0.002, 9.0):
        metrics.request("POST", "/token", 200, seconds)
    series = metrics.series()
    assert series['manyou_requests_total{endpoint="POST /token",status="2xx"}'] == 3
    assert series['manyou_request_seconds_bucket{endpoint="POST /token",le="0.0005"}'] == 1
    assert series['manyou_request_seconds_bucket{endpoint="POST /token",le="2.5"}'] == 2
    assert series['manyou_request_seconds_bucket{endpoint="POST /token",le="+Inf"}'] == 3
    assert series['manyou_request_seconds_sum{endpoint="POST /token"}'] == pytest.approx(9.0025)


def test_works_are_counted_by_their_outcome(sqlite_durable: Durable) -> None:
    metrics = Metrics()
    durable = CountedDurable(sqlite_durable, metrics)
    assert durable.read(lambda tx: tx.row(SQL("SELECT 1"))) == (1,)
    durable.write(lambda _tx: None)
    with pytest.raises(ZeroDivisionError):
        durable.write(lambda _tx: 1 // 0)
    assert metrics.series() == {
        'manyou_store_works_total{kind="read",outcome="done"}': 1,
        'manyou_store_works_total{kind="write",outcome="done"}': 1,
        'manyou_store_works_total{kind="write",outcome="raised"}': 1,
    }


@pytest.fixture
def listener() -> Iterator[tuple[Listener, str]]:
    port = free_ports(1)[0]
    found = Listener("127.0.0.1", port)
    found.start()
    yield found, f"http://127.0.0.1:{port}"
    found.close()


def test_the_listener_answers_three_paths_and_nothing_else(listener: tuple[Listener, str]) -> None:
    watched, origin = listener
    assert _asked(f"{origin}/livez") == (200, "ok")
    assert _asked(f"{origin}/readyz") == (503, "no_worker")
    watched.workers.heard(1, READY)
    assert _asked(f"{origin}/readyz") == (200, "ok")
    assert _asked(f"{origin}/metrics")[1].startswith("# HELP manyou_requests_total")
    assert _asked(f"{origin}/token")[0] == 404


def _asked(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()
