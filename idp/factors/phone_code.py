"""The code that goes to the phone on file: one living code an account, for whoever reads that phone.

Strangers may ask in somebody's name as often as they like, and must gain nothing and close nothing by it:

* Twelve digits: a million tries a day stay within the guess budget of 10⁻⁶, so no try of a stranger has to
  close the account. What closes after five tries is the browser's own flow.
* A living code is never replaced, or a stranger could spoil it while its owner types. It is sent again at
  most twice, a minute apart. Each further code that nobody used lives twice as long, up to a day: the
  number of messages is bounded, and a code is always there to be read on the phone.
* Numbers that nobody has, wrong names and people without a phone get a decoy: the same rows, no message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from store import SQL, Tx

__all__ = [
    "DIGITS",
    "FIRST_CODE_SECONDS",
    "LONGEST_CODE_SECONDS",
    "PhoneCode",
    "offer",
    "redeem",
    "seconds_of_round",
    "sweep",
]

DIGITS: Final = 12
FIRST_CODE_SECONDS: Final = 600
LONGEST_CODE_SECONDS: Final = 86_400
RESEND_SECONDS: Final = 60
MOST_SENDS: Final = 3
QUIET_SECONDS: Final = 2 * 86_400
"""After so long without a request the next code is a first one again."""
_ROUNDS: Final = 9


def seconds_of_round(round_: int) -> int:
    """How long the n-th code in a row lives: 10 minutes, doubling to a day."""
    return min(LONGEST_CODE_SECONDS, FIRST_CODE_SECONDS << min(max(round_ - 1, 0), 16))


@dataclass(frozen=True, slots=True)
class PhoneCode:
    """A code ready to be sent: made, digested and sealed outside the work."""

    owner: bytes
    digest: bytes
    """MAC of owner and code: the table shows no code."""
    message: str
    """Sealed mobile and text."""
    outbox_id: bytes


_NEXT_ROUND = (
    "CASE WHEN phone_code.ends = 0 OR phone_code.begun + :quiet <= :now THEN 1"
    f" WHEN phone_code.round >= {_ROUNDS} THEN {_ROUNDS} ELSE phone_code.round + 1 END"
)
_SECONDS = " ".join(f"WHEN {each} THEN {seconds_of_round(each)}" for each in range(1, _ROUNDS))
_OFFER = SQL(
    "INSERT INTO phone_code (owner, digest, message, begun, ends, sent_at, sends, round)"  # noqa: S608 - fragments of our own
    " VALUES (:owner, :digest, :message, :now, :first_ends, :now, 1, 1)"
    " ON CONFLICT (owner) DO UPDATE SET digest = :digest, message = :message, begun = :now, sent_at = :now,"
    f" sends = 1, round = {_NEXT_ROUND},"
    f" ends = CAST(:now AS BIGINT) + CASE {_NEXT_ROUND} {_SECONDS} ELSE {LONGEST_CODE_SECONDS} END"
    " WHERE phone_code.ends <= :now"
)
_AGAIN = SQL(
    "UPDATE phone_code SET sent_at = :now, sends = sends + 1"
    " WHERE owner = :owner AND ends > :now AND begun < :now AND sends < :most AND sent_at <= :before"
)
_QUEUE = SQL(
    "INSERT INTO sms_outbox (id, message, due, tries)"
    " SELECT :id, message, :now, 0 FROM phone_code WHERE owner = :owner"
)
_REDEEM = SQL(
    "UPDATE phone_code SET ends = 0, round = 0 WHERE owner = :owner AND digest = :digest AND ends > :now"
)
_SWEEP = SQL(
    "DELETE FROM phone_code WHERE owner IN"
    " (SELECT owner FROM phone_code WHERE begun <= :before ORDER BY begun LIMIT :most)"
)


def offer(tx: Tx, code: PhoneCode, now: int) -> bool:
    """Make the code the living one, or send the living one again where due; True where one went out."""
    sent = tx.run(
        _OFFER,
        owner=code.owner,
        digest=code.digest,
        message=code.message,
        now=now,
        first_ends=now + FIRST_CODE_SECONDS,
        quiet=QUIET_SECONDS,
    )
    if not sent:
        sent = tx.run(_AGAIN, owner=code.owner, now=now, most=MOST_SENDS, before=now - RESEND_SECONDS)
    if sent:
        tx.run(_QUEUE, id=code.outbox_id, owner=code.owner, now=now)
    return sent == 1


def redeem(tx: Tx, owner: bytes, digest: bytes, now: int) -> bool:
    """Use the living code; True for exactly one of any number of racing callers."""
    return tx.run(_REDEEM, owner=owner, digest=digest, now=now) == 1


def sweep(tx: Tx, now: int, most: int) -> int:
    """Delete at most ``most`` codes that neither live nor lengthen the next one."""
    return tx.run(_SWEEP, before=now - QUIET_SECONDS - LONGEST_CODE_SECONDS, most=most)
