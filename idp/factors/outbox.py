"""Messages to phones: rows written in the work that wants them, handed to the gateway by a job.

So nobody waits for a gateway on a page, and an answer takes the same time whether a message goes out or not.
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

__all__ = ["Message", "Outbox", "sealed_message"]

KIND: Final = "sms"
LEASE_SECONDS: Final = 30
MOST_TRIES: Final = 5
BATCH: Final = 20

_DUE = SQL("SELECT id, message, tries FROM sms_outbox WHERE due <= :now ORDER BY due, id LIMIT :most")
_TAKE = SQL("UPDATE sms_outbox SET due = :until, tries = tries + 1 WHERE id = :id AND tries = :tries")
_DONE = SQL("DELETE FROM sms_outbox WHERE id = :id")


class Message(msgspec.Struct, frozen=True, array_like=True):
    """A text for a phone; no mobile means a decoy that nobody gets."""

    mobile: str
    text: str


def sealed_message(keys: Keys, message: Message) -> str:
    """The message as rows keep it: a stolen database shows no phone and no code."""
    return keys.seal(KIND, msgspec.json.encode(message))


class Outbox:
    """Hands over what is due. Several workers may run it: each message is leased by one."""

    def __init__(self, durable: Durable, keys: Keys, sender: SmsSender) -> None:
        self._durable = durable
        self._keys = keys
        self._sender = sender

    def deliver(self, now: int) -> int:
        """Send what is due; the number of messages that the gateway took."""
        taken = self._durable.read(lambda tx: tx.rows(_DUE, now=now, most=BATCH))
        if not taken:
            return 0
        mine = self._durable.write(lambda tx: self._lease(tx, taken, now))
        return sum(self._send(bytes(row[0]), str(row[1]), int(row[2])) for row in mine)

    def _lease(self, tx: Tx, rows: list[tuple[bytes, str, int]], now: int) -> list[tuple[bytes, str, int]]:
        return [row for row in rows if tx.run(_TAKE, id=row[0], tries=row[2], until=now + LEASE_SECONDS) == 1]

    def _send(self, id_: bytes, sealed: str, tries: int) -> int:
        try:
            message = msgspec.json.decode(self._keys.open(KIND, sealed), type=Message)
        except Problem:  # sealed in an epoch that has ended: its code is refused too
            message = Message("", "")
        sent = 0
        if message.mobile:
            try:
                self._sender.send(message.mobile, message.text)
                sent = 1
            except Unavailable:
                if tries + 1 < MOST_TRIES:
                    return 0
        self._durable.write(lambda tx: tx.run(_DONE, id=id_))
        return sent
