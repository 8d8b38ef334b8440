"""Ping (CIBA § 10.2): a client that waits is told that its person has decided.

What is to be told stands in the outbox before the person's page answers. Any answer of the client's ends it,
401, 403 and redirects too: it has heard, or never will. Where none comes it is told again, ``TRIES_MOST``
times at most and never after the request's own end; a client may ask at the token endpoint all the same.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Final

import msgspec

from manyou.errors import Problem
from store import SQL
from web.errors import NotFetched

if TYPE_CHECKING:
    from idp.oauth.engine import Engine
    from idp.oauth.waiting.waiting import Waiting
    from store import Tx

__all__ = ["TRIES_MOST", "Pings", "tell"]

log = logging.getLogger("idp.ping")

KIND: Final = "ping"
TRIES_MOST: Final = 3
LEASE_SECONDS: Final = 40
"""Longer than a fetch may take; after it another worker tries what a dead one had begun."""
AGAIN_SECONDS: Final = 5
BATCH: Final = 100
THREADS: Final = 4

_PUT = SQL(
    "INSERT INTO ping_outbox (id, client_id, message, due, tries, ends)"
    " VALUES (:id, :client_id, :message, :now, 0, :ends) ON CONFLICT DO NOTHING"
)
_DUE = SQL(
    "SELECT id, client_id, message, tries, ends FROM ping_outbox WHERE due <= :now"
    " ORDER BY due, id LIMIT :most"
)
_LEASE = SQL("UPDATE ping_outbox SET due = :until, tries = tries + 1 WHERE id = :id AND tries = :tries")
_AGAIN = SQL("UPDATE ping_outbox SET due = :until WHERE id = :id AND tries = :tries")
_DONE = SQL("DELETE FROM ping_outbox WHERE id = :id AND tries = :tries")

_encode = msgspec.json.Encoder().encode


class _Message(msgspec.Struct, frozen=True, array_like=True):
    """Sealed in the row: a stolen table shows no token."""

    auth_req_id: str
    token: str


class _Due(msgspec.Struct, frozen=True):
    id: bytes
    client: str
    message: str
    tries: int
    ends: int


_message = msgspec.json.Decoder(_Message).decode


def tell(engine: Engine, waiting: Waiting, now: int) -> None:
    """Put a decided request into the outbox, where its client is to be told."""
    if not waiting.notify:
        return
    bound = waiting.client.encode()
    message = engine.keys.seal(KIND, _encode(_Message(waiting.ticket, waiting.notify)), bound=bound)
    engine.durable.write(
        lambda tx: tx.run(
            _PUT,
            id=waiting.family,
            client_id=waiting.client,
            message=message,
            now=now,
            ends=waiting.ends,
        )
    )


class Pings:
    """Tells clients, from threads of its own. Several workers may run it: each row is leased by one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="idp-ping")
        self._lock = Lock()
        self._working: set[str] = set()
        """Clients that a thread tells something just now: one that is slow keeps one thread."""

    def close(self) -> None:
        """Finish what is being told; the rest stays in the outbox."""
        self._pool.shutdown(cancel_futures=True)

    def deliver(self, now: int) -> None:
        """Begin to tell all that is due."""
        rows = self._engine.durable.read(
            lambda tx: [_Due(*row) for row in tx.rows(_DUE, now=now, most=BATCH)]
        )
        for client in dict.fromkeys(row.client for row in rows):
            with self._lock:
                if client in self._working:
                    continue
                self._working.add(client)
            try:
                self._pool.submit(self._tell_all, client, [row for row in rows if row.client == client], now)
            except RuntimeError:  # closed meanwhile: the outbox keeps them
                return

    def _tell_all(self, client: str, rows: list[_Due], now: int) -> None:
        try:
            for row in rows:
                if not self._tell(row, now):
                    break  # what else is due to it waits for the next round
        except Problem as problem:  # the store is away, most likely: the rows are due again
            log.warning("ping put off: %s", problem)
        except Exception:
            log.exception("ping failed")
        finally:
            with self._lock:
                self._working.discard(client)

    def _tell(self, row: _Due, now: int) -> bool:
        """Try once; False where no answer came."""
        durable = self._engine.durable
        until = now + LEASE_SECONDS
        if not durable.write(lambda tx: tx.run(_LEASE, id=row.id, tries=row.tries, until=until)):
            return True
        tries = row.tries + 1
        why = "over" if row.ends <= now else self._post(row)
        again = why == _NO_ANSWER and tries < TRIES_MOST

        def ended(tx: Tx) -> None:
            if again:
                tx.run(_AGAIN, id=row.id, tries=tries, until=now + AGAIN_SECONDS * tries)
            else:
                tx.run(_DONE, id=row.id, tries=tries)

        durable.write(ended)
        if why is not None:
            facts = {"client": row.client, "why": why, "tries": tries}
            log.info("ping_not_taken", extra={"facts": facts})
        return why != _NO_ANSWER

    def _post(self, row: _Due) -> str | None:
        """Send it; why the client did not take it, None where it did."""
        client = self._engine.clients.enabled(row.client)
        if client is None or not client.ciba_notification_endpoint:
            return "not registered"
        try:
            opened = self._engine.keys.open(KIND, row.message, bound=row.client.encode())
        except Problem:  # sealed in an epoch that has ended, as its request was
            return "epoch"
        message = _message(opened)
        try:
            status = self._engine.fetcher.post(
                client.ciba_notification_endpoint,
                _encode({"auth_req_id": message.auth_req_id}),
                "application/json",
                headers={"Authorization": f"Bearer {message.token}"},
            ).status
        except NotFetched:
            return _NO_ANSWER
        return None if 200 <= status < 300 else f"status {status}"


_NO_ANSWER: Final = "no answer"
