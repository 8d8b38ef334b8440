"""Traffic limits: by address and client, in windows, with the expiring store there and away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from manyou.errors import TooMany, Unauthenticated, Unavailable
from store import Durable, Expiring, open_expiring
from tests.conftest import ManualClock
from web import Authorisation, Call, Endpoint, Reply, public
from web.limits import INSIDE, Limiter, LimitSettings, TooOften, address_of, limited

SETTINGS = LimitSettings(
    exempt=frozenset(), logins=3, activations=3, checks=3, waiting=3, strangers=2, wrong_clients=3, looks=3
)


@dataclass(slots=True)
class Away:
    """An expiring store that another one stands behind while it is there."""

    behind: Expiring
    away: bool = False
    asked: int = field(default=0)

    def bump(self, key: str, ends: int) -> int:
        self.asked += 1
        if self.away:
            raise Unavailable
        return self.behind.bump(key, ends)

    def put(self, key: str, value: bytes, ends: int) -> None:
        raise NotImplementedError

    def get(self, key: str) -> bytes | None:
        raise NotImplementedError

    def swap(self, key: str, old: bytes, new: bytes, ends: int) -> bool:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


@pytest.fixture
def expiring(sqlite_durable: Durable, clock: ManualClock) -> Away:
    return Away(open_expiring(sqlite_durable, clock))


def sent(clock: ManualClock, remote: str, path: str = "/login", **headers: str) -> Call:
    call = Call.of("POST", path, now=clock.now, form={}, headers=headers)
    call.remote = remote
    return call


def guarded(
    expiring: Expiring, path: str, admit: Callable[[Call], Any] = lambda _call: None, name: str = "public"
) -> Callable[[Call], Any]:
    endpoint = Endpoint("POST", path, lambda _call: Reply(200), Authorisation(name, "a test", admit))
    (found,) = limited([endpoint], SETTINGS, Limiter(SETTINGS, expiring), lambda client: str(client or ""))
    return found.authorisation.admit


def test_by_address_in_windows(expiring: Away, clock: ManualClock) -> None:
    clock.now = clock.now // 60 * 60
    login = guarded(expiring, "/login")
    for _ in range(3):
        login(sent(clock, "192.0.2.1"))
    clock.advance(59)
    with pytest.raises(TooOften) as caught:
        login(sent(clock, "192.0.2.1"))
    assert caught.value.retry_after == 1
    login(sent(clock, "192.0.2.2"))
    clock.advance(1)
    login(sent(clock, "192.0.2.1"))


def test_who_is_over_costs_the_store_nothing(expiring: Away, clock: ManualClock) -> None:
    login = guarded(expiring, "/login")
    for _ in range(20):
        try:
            login(sent(clock, "192.0.2.1"))
        except TooOften:
            continue
    assert expiring.asked == 4


@pytest.mark.parametrize(
    ("remote", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("nonsense", "nonsense"),
        ("", ""),
    ],
)
def test_of_ipv6_the_half_that_a_household_has(clock: ManualClock, remote: str, counted: str) -> None:
    call = sent(clock, remote)
    call.remote = remote
    assert address_of(call) == counted


def test_within_and_exempt_are_not_counted(expiring: Away, clock: ManualClock) -> None:
    login = guarded(expiring, "/login")
    for _ in range(9):
        call = sent(clock, "127.0.0.1")
        call.environ[INSIDE] = True
        login(call)
    assert not expiring.asked
    assert Limiter(LimitSettings(), expiring).exempts(sent(clock, "127.0.0.1"))
    assert not Limiter(LimitSettings(), expiring).exempts(sent(clock, "192.0.2.1"))


def test_a_caller_cannot_claim_to_come_from_within(expiring: Away, clock: ManualClock) -> None:
    login = guarded(expiring, "/login")
    claim = {INSIDE: "1", "manyou-inside": "1"}
    for _ in range(3):
        login(sent(clock, "192.0.2.1", **claim))
    with pytest.raises(TooOften):
        login(sent(clock, "192.0.2.1", **claim))


@pytest.mark.parametrize(("path", "closed"), [("/login", False), ("/activate", True)])
def test_while_the_store_is_away(expiring: Away, clock: ManualClock, path: str, *, closed: bool) -> None:
    step = guarded(expiring, path)
    expiring.away = True
    if closed:
        with pytest.raises(Unavailable):
            step(sent(clock, "192.0.2.1", path))
        return
    for _ in range(3):
        step(sent(clock, "192.0.2.1", path))
    with pytest.raises(TooOften):
        step(sent(clock, "192.0.2.1", path))
    expiring.away = False
    step(sent(clock, "192.0.2.2", path))


def test_checks_by_strangers_alone(expiring: Away, clock: ManualClock) -> None:
    stranger = guarded(expiring, "/elicence/v1/codes/check")
    inspector = guarded(expiring, "/elicence/v1/codes/check", lambda _call: "inspector")
    for _ in range(3):
        stranger(sent(clock, "192.0.2.1"))
    with pytest.raises(TooOften):
        stranger(sent(clock, "192.0.2.1"))
    for _ in range(9):
        inspector(sent(clock, "192.0.2.1"))


def test_wrong_clients_are_counted_and_right_ones_never(expiring: Away, clock: ManualClock) -> None:
    def admit(call: Call) -> str:
        if call.header("Authorization") != "right":
            raise Unauthenticated
        return "hall-a"

    token = guarded(expiring, "/token", admit, "client")
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            token(sent(clock, "192.0.2.1", "/token"))
    with pytest.raises(TooMany):
        token(sent(clock, "192.0.2.1", "/token"))
    assert token(sent(clock, "192.0.2.1", "/token", Authorization="right")) == "hall-a"


def test_what_waits_is_counted_by_client_wherever_it_comes_from(expiring: Away, clock: ManualClock) -> None:
    pushed = guarded(expiring, "/par", lambda call: call.header("Authorization"), "client")
    for place in range(3):
        pushed(sent(clock, f"192.0.2.{place}", "/par", Authorization="hall-a"))
    with pytest.raises(TooOften):
        pushed(sent(clock, "192.0.2.9", "/par", Authorization="hall-a"))
    pushed(sent(clock, "192.0.2.9", "/par", Authorization="hall-b"))
    for _ in range(2):  # without proof: by address, and fewer
        pushed(sent(clock, "192.0.2.9", "/par"))
    with pytest.raises(TooOften):
        pushed(sent(clock, "192.0.2.9", "/par"))


def test_off_means_off_and_nonsense_is_refused(expiring: Away, clock: ManualClock) -> None:
    off = LimitSettings(exempt=frozenset(), logins=0)
    endpoint = Endpoint("POST", "/login", lambda _call: Reply(200), public("a test"))
    (login,) = limited([endpoint], off, Limiter(off, expiring), str)
    for _ in range(9):
        login.authorisation.admit(sent(clock, "192.0.2.1"))
    with pytest.raises(ValueError, match=r"window_seconds.*exempt: nowhere"):
        LimitSettings(window_seconds=0, exempt=frozenset({"nowhere"}))
