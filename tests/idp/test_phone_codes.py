"""One living code an account, never replaced, rarely sent again, living longer the more it is asked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.factors import phone_code
from idp.factors.phone_code import PhoneCode
from store import SQL, Durable

OWNER = b"o" * 16
NOW = 1_790_000_000


def code(number: int) -> PhoneCode:
    return PhoneCode(OWNER, b"digest%d" % number, f"message{number}", b"id%014d" % number)


def offer(durable: Durable, number: int, now: int) -> bool:
    return durable.write(lambda tx: phone_code.offer(tx, code(number), now))


def redeem(durable: Durable, number: int, now: int) -> bool:
    return durable.write(lambda tx: phone_code.redeem(tx, OWNER, b"digest%d" % number, now))


def queued(durable: Durable) -> list[str]:
    return [
        row[0] for row in durable.read(lambda tx: tx.rows(SQL("SELECT message FROM sms_outbox ORDER BY id")))
    ]


@pytest.mark.parametrize(("round_", "seconds"), [(1, 600), (2, 1200), (8, 76_800), (9, 86_400), (99, 86_400)])
def test_codes_live_ever_longer(round_: int, seconds: int) -> None:
    assert phone_code.seconds_of_round(round_) == seconds


def test_a_living_code_is_sent_again_and_never_replaced(durable: Durable) -> None:
    assert offer(durable, 1, NOW)
    assert not offer(durable, 2, NOW + 59)
    assert offer(durable, 3, NOW + 60)
    assert offer(durable, 4, NOW + 120)
    assert not offer(durable, 5, NOW + 180)
    assert queued(durable) == ["message1"] * 3
    assert not redeem(durable, 4, NOW + 180)
    assert redeem(durable, 1, NOW + 599)


def test_a_code_ends_to_the_second(durable: Durable) -> None:
    offer(durable, 1, NOW)
    assert not redeem(durable, 1, NOW + 600)
    offer(durable, 2, NOW + 600)
    assert redeem(durable, 2, NOW + 600 + 1199)


def test_a_used_code_begins_the_rounds_anew(durable: Durable) -> None:
    offer(durable, 1, NOW)
    offer(durable, 2, NOW + 600)
    assert redeem(durable, 2, NOW + 700)
    offer(durable, 3, NOW + 701)
    assert not redeem(durable, 3, NOW + 701 + 600)


def test_fifty_racing_uses_are_one(durable: Durable) -> None:
    offer(durable, 1, NOW)
    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(lambda _: redeem(durable, 1, NOW), range(50))) == 1


def test_strangers_asking_all_day_cost_few_messages_and_a_code_always_lives(durable: Durable) -> None:
    sent = 0
    for second in range(0, 86_400, 200):
        sent += offer(durable, second, NOW + second)
        row = durable.read(lambda tx: tx.row(SQL("SELECT ends FROM phone_code")))
        assert row is not None
        assert row[0] > NOW + second
    assert sent <= 24
