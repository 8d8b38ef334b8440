"""Two workers sign and verify while their rings rotate: not one token is refused."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import keys
from keys import Keys, KeySettings
from store import Durable, Feed
from tests.conftest import ManualClock

ROTATIONS = 8
DEADLINE_SECONDS = 30


@dataclass
class Worker:
    """A process's part: its own rings and its own reader of the feed."""

    rings: Keys
    feed: Feed
    stop: threading.Event
    failures: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    threads: list[threading.Thread] = field(default_factory=list)

    def run(self, other: Keys, clock: ManualClock) -> None:
        self.threads = [
            threading.Thread(target=self._poll),
            *(threading.Thread(target=self._use, args=(other, clock)) for _ in range(2)),
        ]
        for thread in self.threads:
            thread.start()

    def _poll(self) -> None:
        while not self.stop.wait(0.01):
            self.feed.poll()

    def _use(self, other: Keys, clock: ManualClock) -> None:
        """What this worker makes, the other must take, at once and without looking into the store."""
        while not self.stop.is_set():
            try:
                token = self.rings.sign_jwt("access-token", {"exp": 2**40})
                sealed = self.rings.seal("code", b"x", bound=b"client")
                other.verify_jwt("access-token", token, now=clock())
                other.open("code", sealed, bound=b"client")
                self.seen.add(token.split(".")[0])
            except Exception as e:  # noqa: BLE001 - whatever goes wrong is what the test is about
                self.failures.append(repr(e))


def test_no_token_is_refused(settings: KeySettings, durable: Durable, clock: ManualClock) -> None:
    stop = threading.Event()
    workers = []
    for _ in range(2):
        rings = keys.build(settings, durable, clock)
        feed = Feed(durable)
        feed.subscribe("key-ring", lambda _, rings=rings: rings.refresh())  # type: ignore[misc]
        feed.poll()
        workers.append(Worker(rings, feed, stop))
    one, two = workers
    one.run(two.rings, clock)
    two.run(one.rings, clock)
    try:
        for _ in range(ROTATIONS):
            _rotate_once(one.rings, two.rings, settings, clock)
    finally:
        stop.set()
        for thread in one.threads + two.threads:
            thread.join()
    assert one.failures + two.failures == []
    # publishing alone was enough: nobody had to look into the store for an unknown key
    assert (one.rings._looked_at, two.rings._looked_at) == (0, 0)
    assert len(one.seen) > ROTATIONS // 2
    assert one.seen & two.seen


def _rotate_once(one: Keys, two: Keys, settings: KeySettings, clock: ManualClock) -> None:
    published = {one.rotate("access-token"), one.rotate("seal", "A256")}
    _wait_until(lambda: published <= _kids(two))
    two.advance(clock.advance(settings.publish_ahead))
    _wait_until(lambda: one.signer("access-token").kid in published)
    time.sleep(0.02)


def _kids(rings: Keys) -> set[str]:
    return {row.kid for row in rings._rings.rows}


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
