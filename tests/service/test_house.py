"""The house: one server a folder, nothing left behind, ready only while clock and news are right."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from werkzeug.test import Client

from manyou.errors import Unavailable
from service.background import Repeated
from service.demo.folder import Demo, lay_out
from service.house import House
from service.readiness import CLOCK_SECONDS, ClockDiffers, NewsTooOld, Readiness
from service.settings import Settings
from store import SQL, Durable, Feed, FolderInUse
from tests.conftest import ManualClock


@pytest.fixture
def settings(make_folder: Callable[[str], Path]) -> Settings:
    return lay_out(Demo(make_folder("house")), {})


def test_a_second_server_on_the_folder_is_refused(settings: Settings) -> None:
    house = House.open(settings)
    try:
        with pytest.raises(FolderInUse) as refused:
            House.open(settings)
        assert "two servers never share" in refused.value.mend
        House.open(settings, server=False).close()
    finally:
        house.close()
    House.open(settings).close()


def opened() -> tuple[set[str], int]:
    threads = {thread.name for thread in threading.enumerate()}
    return threads, len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counted only


def nothing_more_than(before: tuple[set[str], int]) -> bool:
    """What other tests have left may end meanwhile."""
    threads, files = opened()
    return threads <= before[0] and files <= before[1]


def test_opening_and_closing_leaves_nothing(settings: Settings) -> None:
    House.open(settings).close()  # what is loaded once stays
    before = opened()
    for _ in range(3):
        house = House.open(settings)
        house.start()
        house.close()
    assert nothing_more_than(before)


def test_a_house_that_cannot_be_built_leaves_nothing(settings: Settings) -> None:
    House.open(settings).close()
    settings.keys.master_key_file.write_text("not a key\n")
    before = opened()
    with pytest.raises(Unavailable):
        House.open(settings)
    assert nothing_more_than(before)


def test_events_are_numbered_without_a_gap(house: House) -> None:
    unnumbered = SQL("SELECT COUNT(*) FROM event WHERE number IS NULL")
    ends = time.monotonic() + 5
    while house.durable.read(lambda tx: tx.row(unnumbered)) != (0,):
        assert time.monotonic() < ends
        time.sleep(0.05)
    spread = SQL("SELECT COUNT(*), MIN(number), MAX(number) FROM event")
    counted = house.durable.read(lambda tx: tx.row(spread))
    assert counted is not None
    count, first, last = counted
    assert (first, last) == (1, count)
    assert count > 10


def test_ready_is_told_to_a_proxy(house: House) -> None:
    site = house.sites[0][0]
    answer = Client(house.application).get("/ready", base_url=f"http://{site.host}")
    assert (answer.status_code, answer.data) == (200, b'{"ready":true}')


def test_a_clock_apart_from_the_stores_is_not_ready(durable: Durable) -> None:
    feed = Feed(durable)
    feed.poll()
    now = int(durable.time())
    for seconds in (-CLOCK_SECONDS - 3, CLOCK_SECONDS + 2):
        with pytest.raises(ClockDiffers):
            Readiness(durable, feed, lambda: now + seconds).check()  # noqa: B023 - called at once
    Readiness(durable, feed, lambda: int(time.time())).check()


def test_old_news_are_not_ready(durable: Durable, clock: ManualClock) -> None:
    feed = Feed(durable, clock)
    ready = Readiness(durable, feed, lambda: int(time.time()))
    with pytest.raises(NewsTooOld):
        ready.check()
    feed.poll()
    ready.check()
    clock.advance(3)
    with pytest.raises(NewsTooOld):
        ready.check()
    feed.poll()
    ready.check()


@pytest.mark.parametrize("error", [Unavailable(), ValueError("whatever")])
def test_a_thread_outlives_what_it_calls(error: Exception) -> None:
    called = threading.Semaphore(0)

    def act() -> None:
        called.release()
        raise error

    repeated = Repeated("test", 0.001, act)
    repeated.start()
    for _ in range(3):
        assert called.acquire(timeout=5)
    repeated.stop()
    assert all(thread.name != "test" for thread in threading.enumerate())
