"""Counters: exact under racing guesses, five tries, delays, a hundred, strangers apart."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.factors import attempts
from idp.factors.attempts import OTP, PASSWORD, PHONE_CODE_ACCOUNT, PHONE_CODE_FLOW, STRANGER, Claim, Rule
from store import Durable

OWNER = b"o" * 16
HOME = b"h" * 16
NOON = 1_790_000_000 // 86_400 * 86_400 + 43_200


def claim(
    durable: Durable, now: int, rule: Rule = PASSWORD, place: bytes = STRANGER, owner: bytes = OWNER
) -> Claim:
    return durable.write(lambda tx: attempts.claim(tx, rule, owner, place, now, known=True))


def clear(durable: Durable, now: int, rule: Rule = PASSWORD, place: bytes = STRANGER) -> None:
    durable.write(lambda tx: attempts.clear(tx, rule, OWNER, place, now))


def wrong_until_closed(durable: Durable, place: bytes, rule: Rule = PASSWORD) -> int:
    """Try as soon as each delay has passed; the time after the last one."""
    now = NOON
    for _ in range(rule.most):
        found = claim(durable, now, rule, place)
        assert found.granted
        now += found.wait
    return now


@pytest.mark.parametrize(
    ("in_a_row", "seconds"),
    [
        (0, 0),
        (4, 0),
        (5, 30),
        (6, 60),
        (7, 120),
        (11, 1920),
        (12, 3600),
        (13, 3600),
        (100, 3600),
        (10**9, 3600),
    ],
)
def test_the_delay_doubles_from_30_s_to_an_hour(in_a_row: int, seconds: int) -> None:
    assert attempts.delay_after(in_a_row) == seconds


def test_five_tries_are_free_and_the_sixth_waits_to_the_second(durable: Durable) -> None:
    for count in range(1, 5):
        assert claim(durable, NOON) == Claim(granted=True, in_a_row=count, wait=0, closed=False)
    assert claim(durable, NOON) == Claim(granted=True, in_a_row=5, wait=30, closed=False)
    assert claim(durable, NOON + 29) == Claim(granted=False, in_a_row=5, wait=1, closed=False)
    assert claim(durable, NOON + 30) == Claim(granted=True, in_a_row=6, wait=60, closed=False)


def test_fifty_racing_guesses_count_exactly(durable: Durable) -> None:
    with ThreadPoolExecutor(50) as pool:
        found = list(pool.map(lambda _: claim(durable, NOON), range(50)))
    assert sum(each.granted for each in found) == 5
    assert claim(durable, NOON).in_a_row == 5


def test_a_success_clears_its_own_place_and_factor_only(durable: Durable) -> None:
    for place in (STRANGER, HOME):
        for rule in (PASSWORD, OTP):
            for _ in range(4):
                claim(durable, NOON, rule, place)
    clear(durable, NOON, PASSWORD, HOME)
    assert claim(durable, NOON, PASSWORD, HOME).in_a_row == 1
    assert claim(durable, NOON, PASSWORD, STRANGER).in_a_row == 5
    assert claim(durable, NOON, OTP, HOME).in_a_row == 5


def test_a_hundred_strangers_close_their_place_and_no_other(durable: Durable) -> None:
    now = wrong_until_closed(durable, STRANGER)
    assert claim(durable, now + 10**7) == Claim(granted=False, in_a_row=100, wait=0, closed=True)
    assert claim(durable, now, place=HOME).granted


def test_a_hundred_at_a_known_browser_end_the_factor_everywhere_until_bound_anew(durable: Durable) -> None:
    now = wrong_until_closed(durable, HOME)
    assert claim(durable, now, place=STRANGER).closed
    assert claim(durable, now, place=b"x" * 16).closed
    assert claim(durable, now, OTP, HOME).granted
    durable.write(lambda tx: attempts.rebind(tx, PASSWORD, OWNER))
    assert claim(durable, now, place=HOME) == Claim(granted=True, in_a_row=1, wait=0, closed=False)


def test_one_time_codes_have_a_budget_of_a_day_that_success_does_not_refill(durable: Durable) -> None:
    for _ in range(OTP.a_day):
        assert claim(durable, NOON, OTP, HOME).granted
        clear(durable, NOON, OTP, HOME)
    refused = claim(durable, NOON, OTP, HOME)
    assert not refused.granted
    assert refused.wait == 43_200
    assert claim(durable, NOON + 43_200, OTP, HOME).granted


def test_the_guess_budgets_hold() -> None:
    assert 3 * OTP.a_day * 2 / 10**8 <= 1e-6
    assert PHONE_CODE_ACCOUNT.a_day / 10**12 <= 1e-6


def test_a_flow_has_five_tries_and_the_account_goes_on(durable: Durable) -> None:
    for _ in range(5):
        assert claim(durable, NOON, PHONE_CODE_FLOW).granted
    assert claim(durable, NOON + 10**6, PHONE_CODE_FLOW).closed


def test_counters_of_nobody_are_swept_and_of_accounts_never(durable: Durable) -> None:
    claim(durable, NOON)
    durable.write(lambda tx: attempts.claim(tx, PASSWORD, b"n" * 16, STRANGER, NOON, known=False))
    end = NOON + attempts.UNKNOWN_KEPT_SECONDS
    assert durable.write(lambda tx: attempts.sweep(tx, end - 1, 10)) == 0
    assert durable.write(lambda tx: attempts.sweep(tx, end, 10)) == 1
    assert claim(durable, NOON).in_a_row == 2
