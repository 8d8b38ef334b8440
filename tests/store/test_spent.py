"""A value is spent once: by 50 racing callers, on both engines, at partitions' edges and the watermark."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import pytest
from msgspec.structs import replace

from store import Durable, Marker, Spending, Tx, maintain, spend, spend_name
from store.spent import raise_watermark, watermark

T = TypeVar("T")
DAY = 86_400
NOON = 1_790_000_000 // DAY * DAY + DAY // 2
VALUE = Marker(b"o" * 16, "code", b"v" * 32, NOON + 60, b"first", NOON, b"family")


def test_the_second_sees_the_first(durable: Durable) -> None:
    assert durable.write(lambda tx: spend(tx, VALUE)) == Spending(won=True)
    again = durable.write(lambda tx: spend(tx, replace(VALUE, by=b"second", at=NOON + 1, ref=b"other")))
    assert again == Spending(won=False, first=VALUE, too_old=False)


@pytest.mark.parametrize(
    "other",
    [
        replace(VALUE, owner=b"p" * 16),
        replace(VALUE, kind="refresh"),
        replace(VALUE, value=b"w" * 32),
        replace(VALUE, ends=VALUE.ends + 1),
    ],
)
def test_each_part_of_the_key_counts(durable: Durable, other: Marker) -> None:
    durable.write(lambda tx: spend(tx, VALUE))
    assert durable.write(lambda tx: spend(tx, other)).won


@pytest.mark.parametrize("ends", [NOON // DAY * DAY + DAY - 1, NOON // DAY * DAY + DAY])
def test_fifty_racing_spenders_with_two_clocks(durable: Durable, ends: int) -> None:
    # Both sides of a partition's edge; half of the workers' clocks are an hour ahead.
    maintain(durable, NOON)
    marker = replace(VALUE, ends=ends)
    outcomes = _race(
        50,
        lambda n: durable.write(
            lambda tx: spend(tx, replace(marker, by=bytes([n]), at=NOON + 3600 * (n % 2)))
        ),
    )
    winners = [n for n, outcome in outcomes.items() if outcome.won]
    assert len(winners) == 1
    for n, outcome in outcomes.items():
        if n not in winners:
            assert outcome.first is not None
            assert outcome.first.by == bytes(winners)
            assert not outcome.too_old


def test_racing_while_the_partition_is_made(postgres_durable: Durable) -> None:
    far = replace(VALUE, ends=NOON + 2 * DAY)

    def act(n: int) -> Spending | None:
        if n % 10 == 0:
            maintain(postgres_durable, NOON)
            return None
        return postgres_durable.write(lambda tx: spend(tx, replace(far, by=bytes([n]))))

    outcomes = _race(50, act)
    assert sum(outcome is not None and outcome.won for outcome in outcomes.values()) == 1
    assert not postgres_durable.write(lambda tx: spend(tx, far)).won


@pytest.mark.parametrize(("below", "too_old"), [(0, True), (-1, True), (1, False)])
def test_at_or_below_the_watermark_is_refused_whatever_the_clock_says(
    durable: Durable, *, below: int, too_old: bool
) -> None:
    durable.write(lambda tx: raise_watermark(tx, NOON))
    marker = replace(VALUE, ends=NOON + below, at=NOON - 10 * DAY)
    outcome = durable.write(lambda tx: spend(tx, marker))
    assert outcome == Spending(won=not too_old, first=None, too_old=too_old)


def test_the_watermark_only_rises(durable: Durable) -> None:
    durable.write(lambda tx: raise_watermark(tx, NOON))
    durable.write(lambda tx: raise_watermark(tx, NOON - 1))
    maintain(durable, NOON - DAY)
    assert durable.read(watermark) == NOON


def test_upkeep_keeps_markers_an_hour_below_the_watermark_and_loses_no_refusal(durable: Durable) -> None:
    maintain(durable, NOON)
    ended = [replace(VALUE, ends=NOON + 1 + hours * 3600) for hours in range(0, 96, 8)]
    for marker in ended:
        assert durable.write(partial(_spend, marker)).won
    for days in range(1, 7):
        maintain(durable, NOON + days * DAY)
        for marker in ended:
            assert not durable.write(partial(_spend, marker)).won
    last = durable.write(lambda tx: spend(tx, ended[0]))
    assert last.too_old
    assert last.first is None


def test_markers_beyond_the_days_made_move_into_their_day(postgres_durable: Durable) -> None:
    far = replace(VALUE, ends=NOON + 30 * DAY)
    assert postgres_durable.write(lambda tx: spend(tx, far)).won
    for day in range(0, 31, 3):
        maintain(postgres_durable, NOON + day * DAY - 60)
        assert postgres_durable.write(lambda tx: spend(tx, far)).first == far


def _spend(marker: Marker, tx: Tx) -> Spending:
    return spend(tx, marker)


def _race(count: int, act: Callable[[int], T]) -> dict[int, T]:
    outcomes: dict[int, T] = {}
    start = threading.Barrier(count)

    def run(n: int) -> None:
        start.wait()
        outcomes[n] = act(n)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == count
    return outcomes


NAME = replace(VALUE, kind="jti")
SPAN = 91


@pytest.mark.parametrize("edge", [NOON, NOON // DAY * DAY + DAY])
def test_a_name_is_spent_once_whatever_end_stands_beside_it(durable: Durable, edge: int) -> None:
    """Wherever the steps of its markers and the days of the partitions lie."""
    maintain(durable, NOON)
    for n in range(0, 2 * SPAN, 13):
        name = replace(NAME, value=bytes([n]) * 16, ends=edge + n)
        assert durable.write(partial(spend_name, marker=name, span=SPAN))
        for apart in (-min(n, SPAN), -min(n, SPAN // 2), -1, 0, 1, SPAN // 2, SPAN):
            again = replace(name, ends=name.ends + apart)
            assert not durable.write(partial(spend_name, marker=again, span=SPAN)), (n, apart)
        assert durable.write(partial(spend_name, marker=replace(name, owner=b"p" * 16), span=SPAN))


def test_a_name_that_ended_long_ago_may_come_again(durable: Durable) -> None:
    assert durable.write(lambda tx: spend_name(tx, NAME, SPAN))
    assert durable.write(lambda tx: spend_name(tx, replace(NAME, ends=NAME.ends + 3 * SPAN), SPAN))


@pytest.mark.parametrize("ends", [NOON // DAY * DAY + DAY - 1, NOON // DAY * DAY + DAY])
def test_fifty_race_for_one_name(durable: Durable, ends: int) -> None:
    maintain(durable, NOON)
    name = replace(NAME, ends=ends)
    outcomes = _race(
        50,
        lambda n: durable.write(
            lambda tx: spend_name(tx, replace(name, by=bytes([n]), at=NOON + 3600 * (n % 2)), SPAN)
        ),
    )
    assert sum(outcomes.values()) == 1


@pytest.mark.parametrize(("below", "good"), [(0, False), (-1, False), (1, True)])
def test_of_a_name_its_own_end_is_held_against_the_watermark(
    durable: Durable, *, below: int, good: bool
) -> None:
    durable.write(lambda tx: raise_watermark(tx, NOON))
    name = replace(NAME, ends=NOON + below)
    assert durable.write(lambda tx: spend_name(tx, name, SPAN)) is good
