"""The life of a key: published, active, retiring, retired; on both engines."""

from __future__ import annotations

import threading

import msgspec
import pytest

import keys
from keys import Keys, KeySettings, NotForThisRing, RotationUnderWay, TokenRefused, records
from keys.lifecycle import Lifecycle
from keys.master import MasterKey, read_master_key
from keys.rings import PURPOSES, TRANSITIONS, State
from store import SQL, Durable, Feed
from tests.conftest import ManualClock

RING = "access-token"


def states(ours: Keys, ring: str) -> list[str]:
    return [key.state for key in ours.verifying(ring)]


def events(durable: Durable) -> list[tuple[str, str, str]]:
    rows = durable.read(lambda tx: tx.rows(SQL("SELECT tag, body FROM event ORDER BY id")))
    bodies = [(tag, msgspec.json.decode(bytes(body))) for tag, body in rows]
    return [(tag, body.get("ring", ""), body.get("state", "")) for tag, body in bodies]


def test_every_ring_begins_with_an_active_key(ours: Keys, durable: Durable) -> None:
    rows = durable.read(records.all_keys)
    assert {(row.ring, row.algorithm) for row in rows} == {
        (ring, algorithm) for ring, purpose in PURPOSES.items() for algorithm in purpose.algorithms
    }
    assert {row.state for row in rows} == {"active"}
    assert len({row.kid for row in rows}) == len(rows)
    assert sorted(events(durable)) == sorted(("key.moved", row.ring, "active") for row in rows)
    assert ours.signer("id-token", "RS256").algorithm == "RS256"


def test_a_second_worker_finds_the_same_keys(
    ours: Keys, settings: KeySettings, durable: Durable, clock: ManualClock
) -> None:
    other = keys.build(settings, durable, clock)
    assert other.jwks() == ours.jwks()
    assert other.open("code", ours.seal("code", b"x")) == b"x"
    assert other.mac("sid", b"x") == ours.mac("sid", b"x")


def test_workers_starting_at_once_make_one_key_each(
    settings: KeySettings, durable: Durable, clock: ManualClock
) -> None:
    master = MasterKey(read_master_key(settings.master_key_file), settings.deployment)
    barrier = threading.Barrier(4)

    def start() -> None:
        barrier.wait()
        Lifecycle(settings, durable, master).begin_all(clock())

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = durable.read(records.all_keys)
    assert len(rows) == sum(len(purpose.algorithms) for purpose in PURPOSES.values())


def test_published_then_active_then_retiring_then_retired(
    ours: Keys, settings: KeySettings, durable: Durable, clock: ManualClock
) -> None:
    old = ours.sign_jwt(RING, {"exp": 2**40})
    kid = ours.rotate(RING)
    begins = clock() + settings.publish_ahead
    assert states(ours, RING) == ["active", "pending"]
    assert kid.encode() in ours.jwks()

    assert ours.advance(begins - 1) == 0
    assert ours.signer(RING).kid != kid
    clock.now = begins
    assert ours.advance(begins) == 2
    assert ours.signer(RING).kid == kid
    assert states(ours, RING) == ["retiring", "active"]
    ours.verify_jwt(RING, old, now=clock())

    ends = begins + settings.retire_after
    assert ours.advance(ends - 1) == 0
    ours.verify_jwt(RING, old, now=clock())
    assert ours.advance(ends) == 1
    assert states(ours, RING) == ["active"]
    with pytest.raises(TokenRefused):
        ours.verify_jwt(RING, old, now=clock())

    erased = [row for row in durable.read(records.all_keys) if row.state == State.RETIRED]
    assert [row.sealed for row in erased] == [None]
    assert erased[0].public
    moves = [state for _, ring, state in events(durable) if ring == RING]
    assert sorted(moves) == ["active", "active", "pending", "retired", "retiring"]


def test_one_rotation_at_a_time(ours: Keys) -> None:
    ours.rotate("id-token", "RS256")
    with pytest.raises(RotationUnderWay):
        ours.rotate("id-token", "RS256")
    ours.rotate("id-token", "ES256")


def test_racing_rotations_make_one_pending_key(ours: Keys) -> None:
    refused = []

    def rotate() -> None:
        try:
            ours.rotate(RING)
        except RotationUnderWay:
            refused.append(1)

    threads = [threading.Thread(target=rotate) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 7
    ours.refresh()
    assert states(ours, RING) == ["active", "pending"]


@pytest.mark.parametrize(("ring", "algorithm"), [("mac", "A256"), ("code", "RS256")])
def test_what_does_not_rotate(embedded: Keys, ring: str, algorithm: str) -> None:
    with pytest.raises(NotForThisRing):
        embedded.rotate(ring, algorithm)


def test_rotation_is_news(ours: Keys, settings: KeySettings, durable: Durable, clock: ManualClock) -> None:
    other = keys.build(settings, durable, clock)
    feed = Feed(durable)
    feed.subscribe("key-ring", lambda _: other.refresh())
    feed.poll()
    kid = ours.rotate("code")
    assert kid not in {key.kid for key in other.verifying("code")}
    feed.poll()
    assert kid in {key.kid for key in other.verifying("code")}


def test_kids_of_codes_are_two_bytes_and_never_given_twice(embedded: Keys, clock: ManualClock) -> None:
    for _ in range(30):
        embedded.rotate("code")
        embedded.advance(clock.advance(600))
    embedded.advance(clock.advance(10_000))
    entries = [entry for entry in embedded.trust_entries() if entry.purpose == "code"]
    assert len(entries) == 31
    assert len({entry.kid for entry in entries}) == 31
    assert all(len(bytes.fromhex(entry.kid)) == 2 for entry in entries)
    assert embedded.signer("code").kid_bytes == bytes.fromhex(embedded.signer("code").kid)


def test_nothing_leads_out_of_retired() -> None:
    assert not [step for state, step in TRANSITIONS if state == State.RETIRED]
    assert set(TRANSITIONS.values()) == set(State)
