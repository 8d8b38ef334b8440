from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from qr import CODE_A, Checker, Minted, marker
from store import Durable, Spending, Tx, spend
from tests.conftest import ManualClock

OWNER, VERIFIER = b"o" * 16, b"verifier"


def test_a_code_is_spent_under_what_was_signed(checker: Checker, minted: Minted, clock: ManualClock) -> None:
    code = checker.check(minted.url, clock())
    made = marker(code, owner=OWNER, by=VERIFIER, at=clock(), ref=b"event")
    assert (made.owner, made.kind, made.value) == (OWNER, CODE_A, code.replay_key)
    assert (made.ends, made.by, made.at, made.ref) == (minted.ends, VERIFIER, clock(), b"event")


def test_digits_and_url_are_one_code(
    checker: Checker, minted: Minted, clock: ManualClock, sqlite_durable: Durable
) -> None:
    def redeemed(text: str, at: int) -> Spending:
        code = checker.check(text, at)
        return sqlite_durable.write(lambda tx: spend(tx, marker(code, owner=OWNER, by=VERIFIER, at=at)))

    assert redeemed(minted.url, clock()).won
    again = redeemed(f" {minted.digits}\n", clock() + 5)
    assert not again.won
    assert again.first is not None
    assert (again.first.by, again.first.at) == (VERIFIER, clock())


def test_of_50_who_scan_at_once_one_wins(
    durable: Durable, checker: Checker, minted: Minted, clock: ManualClock
) -> None:
    def scan(number: int) -> Spending:
        code = checker.check(minted.url, clock())
        made = marker(code, owner=OWNER, by=b"%d" % number, at=clock())

        def work(tx: Tx) -> Spending:
            return spend(tx, made)

        return durable.write(work)

    with ThreadPoolExecutor(50) as verifiers:
        spendings = list(verifiers.map(scan, range(50)))
    winners = [number for number, spending in enumerate(spendings) if spending.won]
    assert len(winners) == 1
    assert {spending.first.by for spending in spendings if spending.first} == {b"%d" % winners[0]}
