"""Sealed values open for their kind, binding, deployment, issuer and epoch, and nowhere else."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import keys
from keys import Keys, KeySettings, SealBroken
from store import Durable
from tests.conftest import ManualClock


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(plain=st.binary(max_size=500), bound=st.binary(max_size=60), kind=st.text(max_size=20))
def test_what_was_sealed_opens(embedded: Keys, plain: bytes, bound: bytes, kind: str) -> None:
    assert embedded.open(kind, embedded.seal(kind, plain, bound=bound), bound=bound) == plain


def test_two_seals_of_one_value_differ(embedded: Keys) -> None:
    assert embedded.seal("code", b"x") != embedded.seal("code", b"x")


def test_kinds_and_bindings_never_pass_for_each_other(embedded: Keys) -> None:
    sealed = embedded.seal("code", b"x", bound=b"abc")
    for kind, bound in (("refresh", b"abc"), ("code", b""), ("code", b"abC"), ("codea", b"bc")):
        with pytest.raises(SealBroken):
            embedded.open(kind, sealed, bound=bound)


def test_every_flipped_bit_is_refused(embedded: Keys) -> None:
    raw = urlsafe_b64decode(embedded.seal("code", b"some value", bound=b"c") + "==")
    for bit in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealBroken):
            embedded.open("code", urlsafe_b64encode(changed).rstrip(b"=").decode(), bound=b"c")


def test_one_value_has_one_text(embedded: Keys) -> None:
    """Or a spent value would come back in another spelling."""
    sealed = embedded.seal("code", b"12")  # a length at which base64 has spare bits
    assert len(sealed) % 4
    spare = sealed[:-1] + chr(ord(sealed[-1]) + 1)
    for text in (
        sealed + "=",
        sealed + "==",
        sealed + "\n",
        " " + sealed,
        sealed[:9] + "\n" + sealed[9:],
        spare,
    ):
        with pytest.raises(SealBroken):
            embedded.open("code", text)


@pytest.mark.parametrize("text", ["", "A", "AQ", "é", "A" * 46, "A" * 20_000, "!" * 60, "AQAB" + "A" * 60])
def test_what_is_no_sealed_value(embedded: Keys, text: str) -> None:
    with pytest.raises(SealBroken):
        embedded.open("code", text)


def test_another_deployment_or_issuer_opens_nothing(
    embedded: Keys, settings: KeySettings, sqlite_durable: Durable, clock: ManualClock
) -> None:
    sealed = embedded.seal("code", b"x")
    other = keys.build(replace(settings, issuer="http://localhost:9000"), sqlite_durable, clock)
    with pytest.raises(SealBroken):
        other.open("code", sealed)


def test_a_new_epoch_refuses_all_older_values(
    ours: Keys, settings: KeySettings, durable: Durable, clock: ManualClock
) -> None:
    worker = keys.build(settings, durable, clock)
    before = ours.seal("code", b"x")
    ours.begin_epoch("restored from an old backup")
    with pytest.raises(SealBroken, match="epoch"):
        ours.open("code", before)
    clock.advance(1)
    assert worker.open("code", ours.seal("code", b"y")) == b"y"
    with pytest.raises(SealBroken, match="epoch"):
        worker.open("code", before)


def test_values_outlive_a_rotation_and_not_the_key(
    embedded: Keys, settings: KeySettings, clock: ManualClock
) -> None:
    before = embedded.seal("refresh", b"x")
    embedded.rotate("seal", "A256")
    embedded.advance(clock.advance(settings.publish_ahead))
    after = embedded.seal("refresh", b"y")
    assert (embedded.open("refresh", before), embedded.open("refresh", after)) == (b"x", b"y")
    embedded.advance(clock.advance(settings.retire_seal_after - 1))
    assert embedded.open("refresh", before) == b"x"
    embedded.advance(clock.advance(1))
    with pytest.raises(SealBroken):
        embedded.open("refresh", before)
    assert embedded.open("refresh", after) == b"y"
