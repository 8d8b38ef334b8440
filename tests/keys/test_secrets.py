"""Data keys, blind indexes and MACs."""

from __future__ import annotations

import pytest

import keys
from keys import Keys, KeySettings, SealBroken
from store import Durable
from tests.conftest import ManualClock


def test_a_data_key_unwraps_for_its_holder_alone(embedded: Keys) -> None:
    wrapped = embedded.wrap(b"k" * 32, b"h" * 16)
    assert embedded.unwrap(wrapped, b"h" * 16) == b"k" * 32
    for bad, holder in (
        (wrapped, b"i" * 16),
        (wrapped[:-1], b"h" * 16),
        (b"", b"h" * 16),
        (bytes(2), b"h" * 16),
    ):
        with pytest.raises(SealBroken):
            embedded.unwrap(bad, holder)


def test_old_wraps_open_until_the_key_is_retired(
    embedded: Keys, settings: KeySettings, clock: ManualClock
) -> None:
    wrapped = embedded.wrap(b"k" * 32, b"h" * 16)
    embedded.rotate("field", "A256")
    embedded.advance(clock.advance(settings.publish_ahead))
    assert embedded.wraps_with() == 2
    embedded.advance(clock.advance(10 * settings.retire_after))
    assert embedded.unwrap(wrapped, b"h" * 16) == b"k" * 32  # time alone retires no field key
    assert embedded.replaced("field") == [1]
    assert embedded.retire("field", 1)
    with pytest.raises(SealBroken):
        embedded.unwrap(wrapped, b"h" * 16)


def test_a_replaced_key_is_kept_for_workers_that_lag(
    embedded: Keys, settings: KeySettings, clock: ManualClock
) -> None:
    embedded.rotate("field", "A256")
    embedded.advance(clock.advance(settings.publish_ahead))
    clock.advance(settings.retire_after - 1)
    assert not embedded.retire("field", 1)
    assert not embedded.retire("field", 2)  # active
    clock.advance(1)
    assert embedded.retire("field", 1)


def test_indexes_are_kept_apart_by_purpose_and_version(
    embedded: Keys, settings: KeySettings, sqlite_durable: Durable, clock: ManualClock
) -> None:
    version, index = embedded.blind_index("holder", "x")
    assert (version, len(index)) == (1, 32)
    assert embedded.blind_index("mobile", "x")[1] != index
    assert embedded.mac("holder", b"x") != index
    embedded.rotate("blind-index", "A256")
    assert [number for number, _ in embedded.blind_indexes("holder", "x")] == [2, 1]
    assert embedded.blind_index("holder", "x") == (1, index)
    embedded.advance(clock.advance(settings.publish_ahead))
    number, newer = embedded.blind_index("holder", "x")
    assert number == 2
    assert newer != index
    other = keys.build(settings, sqlite_durable, clock)
    assert other.blind_indexes("holder", "x") == [(2, newer), (1, index)]


def test_macs_are_kept_apart_by_purpose(embedded: Keys) -> None:
    assert len(embedded.mac("sid", b"x")) == 32
    assert embedded.mac("sid", b"x") == embedded.mac("sid", b"x")
    assert len({embedded.mac(purpose, b"x") for purpose in ("sid", "csrf", "pairwise-sub")}) == 3
