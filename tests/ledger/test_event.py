"""Events: their ids, their envelope, and the trace of a holder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ledger import Event, Recorded, Sequencer, append, by_id, event_id, of_holder, since
from store import ConstraintBroken, Durable, Tx

HOLDER, OTHER = b"h" * 16, b"o" * 16
START_MS = 1_790_000_000_000


def event(number: int, holder: bytes | None = HOLDER, tag: str = "used") -> Event:
    id_ = event_id(START_MS + number * 500, number.to_bytes(10, "big"))
    return Event(id_, tag, 1, id_time(id_), holder, "person", "hall-a", b"subject", '{"目的":1}'.encode())


def id_time(id_: bytes) -> int:
    return int.from_bytes(id_[:6], "big") // 1000


def record(*events: Event) -> Callable[[Tx], None]:
    def work(tx: Tx) -> None:
        for each in events:
            append(tx, each)

    return work


def test_ids_sort_by_time_and_hold_it() -> None:
    ids = [event_id(ms, b"\xff" * 10) for ms in (0, 1, START_MS, 2**48 - 1)]
    assert ids == sorted(ids)
    assert {len(each) for each in ids} == {16}
    assert int.from_bytes(ids[2][:6], "big") == START_MS


@pytest.mark.parametrize("random", [b"", b"x" * 9, b"x" * 11])
def test_an_id_takes_exactly_80_random_bits(random: bytes) -> None:
    with pytest.raises(ValueError, match="10 random bytes"):
        event_id(START_MS, random)


def test_an_event_comes_back_whole(durable: Durable) -> None:
    given = [event(1), event(2, None)]
    durable.write(record(*given))
    numbers = [1, 2] if durable.engine == "sqlite" else [None, None]
    for number, each in zip(numbers, given, strict=True):
        assert durable.read(lambda tx, id_=each.id: by_id(tx, id_)) == Recorded(number, each)  # type: ignore[misc]
    assert durable.read(lambda tx: by_id(tx, b"x" * 16)) is None


def test_an_event_is_recorded_once_and_falls_with_its_work(durable: Durable) -> None:
    durable.write(record(event(1)))
    with pytest.raises(ConstraintBroken):
        durable.write(record(event(2), event(1)))
    assert durable.read(lambda tx: by_id(tx, event(2).id)) is None


def test_a_trace_is_newest_first_and_pages_without_gap_or_repeat(durable: Durable) -> None:
    mine = [event(number) for number in range(1, 8)]
    durable.write(record(*mine[:4], event(50, OTHER), event(51, None), event(52, tag="secret")))
    Sequencer(durable).step()
    durable.write(record(*mine[4:]))  # not yet numbered, and shown

    def page(before: bytes | int | None, tags: tuple[str, ...] = ("used",)) -> list[Recorded]:
        return durable.read(lambda tx: of_holder(tx, HOLDER, tags, before, 3))

    seen: list[Recorded] = []
    while part := page(seen[-1].event.id if seen else None):
        seen += part
    assert [each.event for each in seen] == mine[::-1]
    waiting = 3 if durable.engine == "postgres" else 0
    assert [each.number is None for each in seen] == [True] * waiting + [False] * (7 - waiting)
    assert page(None, ()) == []
    assert [each.event.tag for each in page(None, ("secret", "used"))] == ["secret", "used", "used"]


def test_a_page_may_begin_before_a_second(durable: Durable) -> None:
    durable.write(record(*[event(number) for number in range(6)]))  # two a second

    def before(second: int) -> list[Any]:
        found = durable.read(lambda tx: of_holder(tx, HOLDER, ("used",), second, 100))
        return [each.event for each in found]

    assert before(START_MS // 1000) == []
    assert before(START_MS // 1000 + 1) == [event(1), event(0)]
    assert len(before(START_MS // 1000 + 3)) == 6


def test_since_gives_numbered_events_in_order(durable: Durable) -> None:
    durable.write(record(event(3), event(1), event(2)))
    Sequencer(durable).step()
    durable.write(record(event(4)))
    # SQLite numbers as works commit, the sequencer a batch by the events' time
    order = (1, 2, 3) if durable.engine == "postgres" else (3, 1, 2, 4)
    numbered = [Recorded(number, event(each)) for number, each in enumerate(order, 1)]
    assert durable.read(lambda tx: since(tx, 1, 10)) == numbered[1:]
    assert durable.read(lambda tx: since(tx, 0, 1)) == numbered[:1]
