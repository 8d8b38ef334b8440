"""Messages to phones: rows written in the work that wants them, handed to the gateway by a job.

So nobody waits for a gateway on a page, and an answer takes the same time whether a message goes out or not.
Decoys lie among the messages, and anybody can make as many as they like: they are thrown out first, many at
once, so that none of them delays a message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from manyou.errors import Problem, Unavailable
from store import SQL

if TYPE_CHECKING:
    from idp.ports import SmsSender
    from keys import Keys
    from store import Durable, Tx

__all__ = ["Message", "Outbox", "sealed_message", "waiting"]

KIND: Final = "sms"
LEASE_SECONDS: Final = 30
MOST_TRIES: Final = 5
BATCH: Final = 20
"""Messages leased at once: as many as a slow gateway takes within the lease."""
LOOKED_AT: Final = 500
"""Rows read at once."""
ROUNDS: Final = 100
MOST_COUNTED: Final = 100_000

_DUE = SQL("SELECT id, message, tries FROM sms_outbox WHERE due <= :now ORDER BY due, id LIMIT :most")
_WAITING = SQL("SELECT COUNT(*) FROM (SELECT id FROM sms_outbox LIMIT :most) AS waiting")
_TAKE = SQL("UPDATE sms_outbox SET due = :until, tries = tries + 1 WHERE id = :id AND tries = :tries")
_DONE = SQL("DELETE FROM sms_outbox WHERE id = :id")


class Message(msgspec.Struct, frozen=True, array_like=True):
    """A text for a phone; no mobile means a decoy that nobody gets."""

    mobile: str
    text: str


_Due = tuple[bytes, Message, int]
"""Id, message, how often it was tried."""


def sealed_message(keys: Keys, message: Message) -> str:
    """The message as rows keep it: a stolen database shows no phone and no code."""
    return keys.seal(KIND, msgspec.json.encode(message))


def waiting(tx: Tx) -> int:
    """How many messages wait, decoys among them; at most ``MOST_COUNTED``."""
    row = tx.row(_WAITING, most=MOST_COUNTED)
    return int(row[0]) if row else 0


class Outbox:
    """Hands over what is due. Several workers may run it: each message is leased by one."""

    def __init__(self, durable: Durable, keys: Keys, sender: SmsSender) -> None:
        self._durable = durable
        self._keys = keys
        self._sender = sender

    def deliver(self, now: int) -> int:
        """Send all that is due; the number of messages that the gateway took."""
        sent = 0
        for _ in range(ROUNDS):
            due = self._durable.read(lambda tx: tx.rows(_DUE, now=now, most=LOOKED_AT))
            if not due:
                break
            opened = [(bytes(row[0]), self._opened(str(row[1])), int(row[2])) for row in due]
            decoys = [each[0] for each in opened if not each[1].mobile]
            wanted = [each for each in opened if each[1].mobile][:BATCH]
            mine = self._durable.write(
                lambda tx, decoys=decoys, wanted=wanted: self._lease(tx, decoys, wanted, now)  # type: ignore[misc]
            )
            sent += sum(self._send(*each) for each in mine)
        return sent

    def _lease(self, tx: Tx, decoys: list[bytes], wanted: list[_Due], now: int) -> list[_Due]:
        for id_ in decoys:
            tx.run(_DONE, id=id_)
        return [
            each
            for each in wanted
            if tx.run(_TAKE, id=each[0], tries=each[2], until=now + LEASE_SECONDS) == 1
        ]

    def _opened(self, sealed: str) -> Message:
        try:
            return msgspec.json.decode(self._keys.open(KIND, sealed), type=Message)
        except Problem:  # sealed in an epoch that has ended: its code is refused too
            return Message("", "")

    def _send(self, id_: bytes, message: Message, tries: int) -> int:
        try:
            self._sender.send(message.mobile, message.text)
        except Unavailable:
            if tries + 1 < MOST_TRIES:
                return 0
            sent = 0
        else:
            sent = 1
        self._durable.write(lambda tx: tx.run(_DONE, id=id_))
        return sent
