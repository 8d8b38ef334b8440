"""How tries are counted: durably, before a try is looked at, for each account, factor and place.

1. A try is claimed in a work of its own or in the verifying one. The claim counts it, so fifty racing guesses
   count exactly and a crash never gives a guess for nothing.
2. After five in a row the next try has to wait, 30 s doubling to an hour. After a hundred the place is
   closed.
3. A success clears its own place and factor, nothing else.
4. A browser that logged in before has a place of its own. Strangers share one: they can close that and
   nothing more (identity numbers are no secret). A hundred wrong tries at a known browser end the factor
   everywhere.
5. Numbers that nobody has are counted like others, so that an answer never tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from store import SQL, Row, Tx

__all__ = [
    "FREE",
    "LONGEST_DELAY",
    "MOST",
    "OTP",
    "PASSWORD",
    "PHONE_CODE_ACCOUNT",
    "PHONE_CODE_FLOW",
    "STRANGER",
    "Claim",
    "Rule",
    "claim",
    "clear",
    "delay_after",
    "rebind",
    "sweep",
]

DAY: Final = 86_400
FREE: Final = 5
FIRST_DELAY: Final = 30
LONGEST_DELAY: Final = 3600
MOST: Final = 100
UNBOUNDED: Final = 2**62
STRANGER: Final = b"stranger"
UNKNOWN_KEPT_SECONDS: Final = 90 * DAY
"""Counters of numbers that nobody has are dropped after this time without a try."""
CLEARED_KEPT_SECONDS: Final = 2 * DAY


def delay_after(in_a_row: int) -> int:
    """Seconds to wait after so many wrong tries in a row: 0 below five, then 30 doubling to 3600."""
    if in_a_row < FREE:
        return 0
    return min(LONGEST_DELAY, FIRST_DELAY << min(in_a_row - FREE, 16))


@dataclass(frozen=True, slots=True)
class Rule:
    """How tries at one factor are bounded."""

    factor: str
    most: int
    """Wrong tries in a row after which the place is closed."""
    a_day: int
    """Tries a calendar day (UTC), whether right or wrong."""
    delays: bool
    dies: bool
    """Whether a closed known browser closes the factor everywhere."""


PASSWORD: Final = Rule("pwd", MOST, UNBOUNDED, delays=True, dies=True)
OTP: Final = Rule("otp", MOST, 16, delays=True, dies=True)
"""Eight digits, three living steps: 3 × 16 × two places ÷ 10⁸ < 10⁻⁶ a day."""
PHONE_CODE_FLOW: Final = Rule("sms", 5, UNBOUNDED, delays=False, dies=False)
"""One browser's tries at what it began."""
PHONE_CODE_ACCOUNT: Final = Rule("sms", UNBOUNDED, 1_000_000, delays=False, dies=False)
"""Twelve digits, one living code: 10⁶ ÷ 10¹² = 10⁻⁶ a day, and nobody can use that up for another."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Whether a try may be looked at. ``in_a_row`` counts it already."""

    granted: bool
    in_a_row: int
    wait: int
    """Seconds until the next try may be made; 0 at once."""
    closed: bool
    """Waiting does not help: the factor has to be bound again."""


_DELAY_CASES = " ".join(
    f"WHEN attempts.in_a_row + 1 = {count} THEN {delay_after(count)}" for count in range(FREE, FREE + 7)
)
_DELAY = (
    f"CASE WHEN :delays = 0 OR attempts.in_a_row + 1 < {FREE} THEN 0 {_DELAY_CASES} ELSE {LONGEST_DELAY} END"
)

# :dies = 0 leaves the second table out; the comparison with :most is made per rule, never per caller.
_CLAIM = SQL(
    "INSERT INTO attempts (owner, factor, place, in_a_row, open_at, day, today, ends)"  # noqa: S608 - fragments of our own
    " SELECT :owner, :factor, :place, 1, 0, :day, 1, :ends"
    f" WHERE :dies = 0 OR NOT EXISTS (SELECT 1 FROM attempts k WHERE k.owner = :owner AND k.factor = :factor"
    f" AND k.place <> :stranger AND k.in_a_row >= :most)"
    " ON CONFLICT (owner, factor, place) DO UPDATE SET in_a_row = attempts.in_a_row + 1,"
    f" open_at = CAST(:now AS BIGINT) + {_DELAY},"
    " today = CASE WHEN attempts.day = :day THEN attempts.today + 1 ELSE 1 END, day = :day, ends = :ends"
    " WHERE attempts.open_at <= :now AND attempts.in_a_row < :most"
    " AND (attempts.day <> :day OR attempts.today < :a_day)"
)
_ROW = SQL(
    "SELECT in_a_row, open_at, day, today, (SELECT COUNT(*) FROM attempts k WHERE k.owner = :owner"
    " AND k.factor = :factor AND k.place <> :stranger AND k.in_a_row >= :most)"
    " FROM attempts WHERE owner = :owner AND factor = :factor AND place = :place"
)
_CLEAR = SQL(
    "UPDATE attempts SET in_a_row = 0, open_at = 0, ends = :ends"
    " WHERE owner = :owner AND factor = :factor AND place = :place"
)
_REBIND = SQL("DELETE FROM attempts WHERE owner = :owner AND factor = :factor")
_SWEEP = SQL(
    "DELETE FROM attempts WHERE ends <> 0 AND ends <= :now AND (owner, factor, place) IN"
    " (SELECT owner, factor, place FROM attempts WHERE ends <> 0 AND ends <= :now ORDER BY ends LIMIT :most)"
)


def claim(tx: Tx, rule: Rule, owner: bytes, place: bytes, now: int, *, known: bool) -> Claim:
    """Count a try before it is looked at.

    ``owner``: 16 bytes, the holder's key or a digest of a number that nobody has (``known`` False).
    """
    day = now // DAY
    counted = tx.run(
        _CLAIM,
        owner=owner,
        factor=rule.factor,
        place=place,
        day=day,
        now=now,
        ends=0 if known else now + UNKNOWN_KEPT_SECONDS,
        delays=int(rule.delays),
        dies=int(rule.dies),
        most=rule.most,
        a_day=rule.a_day,
        stranger=STRANGER,
    )
    row = tx.row(_ROW, owner=owner, factor=rule.factor, place=place, most=rule.most, stranger=STRANGER)
    return _claim(rule, row, now, granted=counted == 1)


def _claim(rule: Rule, row: Row | None, now: int, *, granted: bool) -> Claim:
    if row is None:  # refused before the place had a row: the factor is dead
        return Claim(granted=False, in_a_row=0, wait=0, closed=True)
    in_a_row, open_at, day, today, dead = (int(value) for value in row)
    wait = max(0, open_at - now)
    if today >= rule.a_day and day == now // DAY:
        wait = max(wait, (day + 1) * DAY - now)
    closed = in_a_row >= rule.most or (rule.dies and dead > 0)
    return Claim(granted, in_a_row, wait, closed)


def clear(tx: Tx, rule: Rule, owner: bytes, place: bytes, now: int) -> None:
    """The try was right: this place starts anew. The day's budget stays used."""
    tx.run(_CLEAR, owner=owner, factor=rule.factor, place=place, ends=now + CLEARED_KEPT_SECONDS)


def rebind(tx: Tx, rule: Rule, owner: bytes) -> None:
    """The factor was bound anew: all its counters go."""
    tx.run(_REBIND, owner=owner, factor=rule.factor)


def sweep(tx: Tx, now: int, most: int) -> int:
    """Delete at most ``most`` counters that no longer count."""
    return tx.run(_SWEEP, now=now, most=most)
