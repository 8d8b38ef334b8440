"""Rotated field and index keys: everything is wrapped and indexed again, then the old keys go."""

from __future__ import annotations

from holders import Register
from holders.upkeep import Upkeep, upkeep
from keys import Keys, KeySettings
from store import SQL, Durable
from tests.conftest import ManualClock

NUMBERS = ("350000199001010018", "35000019850615002X", "350000200002290037")


def rotate(rings: Keys, settings: KeySettings, clock: ManualClock) -> None:
    rings.rotate("field", "A256")
    rings.rotate("blind-index", "A256")
    rings.advance(clock.advance(settings.publish_ahead))


def versions(durable: Durable) -> set[int]:
    rows = durable.read(lambda tx: tx.rows(SQL("SELECT DISTINCT index_version FROM holder_alias")))
    return {row[0] for row in rows}


def test_holders_outlive_the_keys(
    register: Register, rings: Keys, settings: KeySettings, durable: Durable, clock: ManualClock
) -> None:
    found = {number: register.enrol("111", number, "x").holder_key for number in NUMBERS}
    sealed = {number: register.fields(key).seal("name", number) for number, key in found.items()}
    register.add_alias(found[NUMBERS[0]], "414", "E12345678", "x")
    register.end_alias(found[NUMBERS[0]], "414", "E12345678")
    erased = register.enrol("414", "E00000001", "x").holder_key
    register.erase(erased)

    rotate(rings, settings, clock)
    assert register.find("111", NUMBERS[0]) == found[NUMBERS[0]]  # by its old index
    assert upkeep(durable, rings, register, limit=2) == Upkeep(2, 2, 0)
    assert upkeep(durable, rings, register, limit=2) == Upkeep(1, 2, 0)
    assert upkeep(durable, rings, register) == Upkeep(0, 0, 0)
    assert versions(durable) == {1, 2}

    clock.advance(settings.retire_after)
    assert upkeep(durable, rings, register) == Upkeep(0, 0, 2)
    assert upkeep(durable, rings, register) == Upkeep(0, 0, 0)
    assert versions(durable) == {2}
    register.forget(None)
    for number, key in found.items():
        assert register.find("111", number) == key
        assert register.fields(key).open("name", sealed[number]) == number
    assert register.find("414", "E12345678") is None
    assert register.enrol("111", NUMBERS[0], "x").holder_key == found[NUMBERS[0]]


def test_an_alias_that_ended_stays_ended(
    register: Register, rings: Keys, settings: KeySettings, durable: Durable, clock: ManualClock
) -> None:
    key = register.enrol("111", NUMBERS[0], "x").holder_key
    rotate(rings, settings, clock)
    upkeep(durable, rings, register)
    assert register.end_alias(key, "111", NUMBERS[0])
    assert register.find("111", NUMBERS[0]) is None
    assert register.enrol("111", NUMBERS[0], "x").created
