"""RFC 6238: its own vectors (appendix B, SHA-1), the drift window, and that a code is good once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.factors import records, totp
from store import Durable

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("time", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_vectors_of_the_standard(time: int, code: str) -> None:
    assert totp.code_at(SECRET, time // totp.STEP_SECONDS) == code


def test_one_step_of_drift_and_no_more() -> None:
    code = totp.code_at(SECRET, 1000)
    assert [
        totp.matching_step(SECRET, code, now) for now in (999 * 30 - 1, 999 * 30, 1002 * 30 - 1, 1002 * 30)
    ] == [
        None,
        1000,
        1000,
        None,
    ]


@pytest.mark.parametrize("typed", ["", "1234567", "９４２８７０８２", "94287082 ", "abcdefgh"])
def test_what_is_no_code_matches_nothing(typed: str) -> None:
    assert totp.matching_step(SECRET, typed, 59) is None


def test_a_step_is_good_once_and_takes_the_earlier_ones_with_it(durable: Durable) -> None:
    durable.write(lambda tx: records.bind_totp(tx, b"p" * 16, b"sealed", 10, 0))
    with ThreadPoolExecutor(50) as pool:
        won = list(
            pool.map(lambda _: durable.write(lambda tx: records.spend_step(tx, b"p" * 16, 12)), range(50))
        )
    assert sum(won) == 1
    assert not durable.write(lambda tx: records.spend_step(tx, b"p" * 16, 11))
    assert durable.write(lambda tx: records.spend_step(tx, b"p" * 16, 13))


def test_the_uri_says_what_the_app_needs() -> None:
    uri = totp.key_uri(SECRET, issuer="Manyou", account="3****8")
    assert uri.startswith("otpauth://totp/Manyou:3%2A%2A%2A%2A8?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&")
    assert uri.endswith("&issuer=Manyou&algorithm=SHA1&digits=8&period=30")
