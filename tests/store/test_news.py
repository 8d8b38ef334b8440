"""News reach every worker, late commits too, and caches know when they are too old to answer."""

from __future__ import annotations

import time

import psycopg
import pytest

from manyou.errors import Unavailable
from store import SQL, Durable, Feed, Tx, publish
from store.news import prune


class Ear:
    def __init__(self, feed: Feed, kind: str = "session") -> None:
        self.heard: list[bytes | None] = []
        feed.subscribe(kind, self.heard.append)


def tell(durable: Durable, *subjects: bytes, kind: str = "session", now: int = 100) -> None:
    def work(tx: Tx) -> None:
        for subject in subjects:
            publish(tx, kind, subject, now)

    durable.write(work)


def test_each_subscriber_hears_its_kind_once_and_in_order(durable: Durable) -> None:
    tell(durable, b"before")
    feed = Feed(durable)
    session, client, other = Ear(feed), Ear(feed, "client"), Ear(feed)
    assert feed.poll() == 0
    tell(durable, b"1", b"2")
    tell(durable, b"c", kind="client")
    tell(durable, b"3")
    assert feed.poll() == 4
    assert feed.poll() == 0
    assert session.heard == other.heard == [b"1", b"2", b"3"]
    assert client.heard == [b"c"]


def test_a_row_that_commits_late_is_heard(postgres_durable: Durable, postgres_dsn: str) -> None:
    feed = Feed(postgres_durable)
    ear = Ear(feed)
    feed.poll()
    with psycopg.connect(postgres_dsn) as late:
        late.execute("INSERT INTO news (kind, subject, at) VALUES ('session', 'late', 100)")
        tell(postgres_durable, b"early")
        # The early one is not held back by the late one, nor told twice.
        assert feed.poll() == 1
        assert feed.poll() == 0
        late.commit()
    assert feed.poll() == 1
    assert feed.poll() == 0
    assert ear.heard == [b"early", b"late"]


def test_a_reader_that_begins_while_a_work_is_running_hears_it(
    postgres_durable: Durable, postgres_dsn: str
) -> None:
    with psycopg.connect(postgres_dsn) as late:
        late.execute("INSERT INTO news (kind, subject, at) VALUES ('session', 'late', 100)")
        tell(postgres_durable, b"early")
        feed = Feed(postgres_durable)
        ear = Ear(feed)
        feed.poll()
        late.commit()
    feed.poll()
    assert ear.heard == [b"late"]


def test_what_was_undone_is_not_heard(durable: Durable) -> None:
    feed = Feed(durable)
    ear = Ear(feed)
    feed.poll()

    def undone(tx: Tx) -> None:
        publish(tx, "session", b"undone", 100)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        durable.write(undone)
    tell(durable, b"done")
    feed.poll()
    assert ear.heard == [b"done"]


def test_a_reader_behind_the_pruned_hears_that_everything_may_have_changed(durable: Durable) -> None:
    feed, current = Feed(durable), Feed(durable)
    ear, other = Ear(feed), Ear(current)
    feed.poll()
    current.poll()
    tell(durable, b"old", now=100)
    tell(durable, b"new", now=200)
    current.poll()
    assert durable.write(lambda tx: prune(tx, 150)) == 1
    current.poll()
    feed.poll()
    assert ear.heard == [None]
    # a transaction elsewhere in the same server may hold this cursor back: then it, too, is told to forget
    assert [each for each in other.heard if each is not None] == [b"old", b"new"]
    tell(durable, b"next", now=300)
    feed.poll()
    assert ear.heard[0] is None
    assert ear.heard[-1] == b"next"


def test_positions_go_on_after_everything_was_pruned(durable: Durable) -> None:
    tell(durable, b"1")
    feed = Feed(durable)
    ear = Ear(feed)
    feed.poll()
    durable.write(lambda tx: prune(tx, 1000))
    tell(durable, b"2")
    feed.poll()
    assert ear.heard[-1] in {b"2", None}
    tell(durable, b"3")
    feed.poll()
    assert ear.heard[-1] == b"3"


def test_fresh_for_two_seconds_after_a_complete_look(durable: Durable) -> None:
    now = 1000.0
    feed = Feed(durable, lambda: now)
    assert not feed.fresh()
    feed.poll()
    for age, fresh in ((0.0, True), (2.0, True), (2.01, False)):
        now = 1000.0 + age
        assert feed.fresh() is fresh


def test_a_subscriber_that_raises_hears_it_again_and_the_feed_is_not_fresh(durable: Durable) -> None:
    now = 1000.0
    feed = Feed(durable, lambda: now)
    feed.poll()
    heard: list[bytes | None] = []

    def fail_once(subject: bytes | None) -> None:
        heard.append(subject)
        if len(heard) == 1:
            raise Unavailable

    feed.subscribe("session", fail_once)
    tell(durable, b"1")
    now += 3
    with pytest.raises(Unavailable):
        feed.poll()
    assert not feed.fresh()
    feed.poll()
    assert feed.fresh()
    assert heard == [b"1", b"1"]


def test_the_thread_hears_within_half_a_second(durable: Durable) -> None:
    feed = Feed(durable)
    ear = Ear(feed)
    feed.start()
    assert feed.fresh()
    tell(durable, b"1")
    for _ in range(100):
        if ear.heard:
            break
        time.sleep(0.01)
    feed.stop()
    assert ear.heard == [b"1"]


def test_the_store_failing_makes_the_feed_stale_until_it_is_back(sqlite_durable: Durable) -> None:
    now = 1000.0
    feed = Feed(sqlite_durable, lambda: now)
    feed.poll()
    sqlite_durable.write(lambda tx: tx.run(SQL("ALTER TABLE news RENAME TO gone")))
    now += 3
    with pytest.raises(Unavailable):
        feed.poll()
    assert not feed.fresh()
    sqlite_durable.write(lambda tx: tx.run(SQL("ALTER TABLE gone RENAME TO news")))
    feed.poll()
    assert feed.fresh()
