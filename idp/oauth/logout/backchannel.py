"""Back-channel logout (OpenID Connect Back-Channel Logout 1.0): we tell halls ourselves that a login is over.

What is to be told stands in the outbox (``idp.sessions.logout_outbox``) before anybody is answered. It is
told at least once: tried at once, again after 5 seconds, 10, 20 … an hour, and given up after ``TRIES_MOST``
tries. A hall that does not answer costs one thread one try: what else is due to it waits with it.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from idp.oauth.clients.answer_rules import RING
from idp.oauth.subject import session_of, subject_of
from idp.oauth.tokens.answering import encrypted
from idp.sessions import logout_outbox, session_client
from keys import ForeignRefused, NoEncryptionKey, base64url
from manyou.errors import Problem
from web.errors import NotFetched

if TYPE_CHECKING:
    from concurrent.futures import Future

    from idp.oauth.clients.client import Client
    from idp.oauth.engine import Engine
    from idp.sessions.logout_outbox import Due
    from store import Tx

__all__ = ["EVENT", "LEASE_SECONDS", "TRIES_MOST", "BackChannel", "after", "logout_token"]

log = logging.getLogger("idp.logout")

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
TOKEN_SECONDS: Final = 120
"""§ 2.4 recommends at most two minutes."""
TRIES_MOST: Final = 14
"""With ``after`` some seven hours; a login lives twelve."""
FIRST_WAIT: Final = 5
LONGEST_WAIT: Final = 3600
LEASE_SECONDS: Final = 15
"""Longer than a fetch takes; after it another worker tries what a dead one had begun."""
LOOKED_AT: Final = 500
"""Rows read at once."""
ROUNDS_MOST: Final = 20
THREADS: Final = 8
AT_ONCE_MOST: Final = 2
"""Threads that one hall's logouts under way may hold; the rest comes with the next round of the job."""
BROWSER_WAITS: Final = 1.0
"""Seconds."""


def after(tries: int) -> int:
    """Seconds until the next try."""
    return min(LONGEST_WAIT, FIRST_WAIT << (tries - 1))


def logout_token(engine: Engine, client: Client, row: Due, now: int) -> str:
    """§ 2.4: signed, encrypted as the client's ID tokens are; but it is none: another typ, never a nonce.

    Raises:
        ForeignRefused, NoEncryptionKey: it is to be encrypted, and no key for that can be had.

    """
    claims: dict[str, Any] = {
        "iss": engine.issuer,
        "sub": subject_of(engine.keys, client, row.holder_key),
        "aud": client.client_id,
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "jti": base64url(engine.entropy(16)).decode(),
        "events": {EVENT: {}},
        "sid": session_of(engine.keys, client.client_id, row.session),
    }
    signed = engine.keys.sign_jwt(RING, claims, typ="logout+jwt", algorithm=client.id_token_alg)
    return encrypted(engine, client, "id_token", signed, now)


class BackChannel:
    """Tells halls, from threads of its own. Several workers may run it: each row is leased by one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="idp-logout")
        self._lock = Lock()
        self._working: Counter[str] = Counter()
        """Threads that tell a hall something just now."""

    def close(self) -> None:
        """Finish what is being told; the rest stays in the outbox."""
        self._pool.shutdown(cancel_futures=True)

    def deliver(self, now: int) -> None:
        """Look which logins time or the register has ended, and begin to tell all that is due."""
        for _ in range(ROUNDS_MOST):
            if self._engine.durable.write(lambda tx: session_client.sweep(tx, now, LOOKED_AT)) == 0:
                break
        rows = self._engine.durable.read(lambda tx: logout_outbox.due(tx, now, LOOKED_AT))
        halls: dict[str, list[Due]] = {}
        for row in rows:
            halls.setdefault(row.client, []).append(row)
        for hall, its_rows in halls.items():
            self._begin(hall, its_rows, now, most=1)

    def at_once(self, session_id: bytes, now: int) -> None:
        """Begin to tell of the end of one session; the browser waits a second at most."""
        rows = self._engine.durable.read(lambda tx: logout_outbox.of_session(tx, session_id, now))
        begun = [self._begin(row.client, [row], now, most=AT_ONCE_MOST) for row in rows]
        wait([each for each in begun if each is not None], timeout=BROWSER_WAITS)

    def _begin(self, hall: str, rows: list[Due], now: int, *, most: int) -> Future[None] | None:
        """Have a thread tell the hall; None, and nothing begun, where it keeps enough of them busy."""
        with self._lock:
            if self._working[hall] >= most:
                return None
            self._working[hall] += 1
        try:
            return self._pool.submit(self._tell_all, hall, rows, now - int(time.monotonic()))
        except RuntimeError:  # closed meanwhile: the outbox keeps them
            self._ended(hall)
            return None

    def _ended(self, hall: str) -> None:
        with self._lock:
            self._working[hall] -= 1
            if not self._working[hall]:
                del self._working[hall]

    def _tell_all(self, hall: str, rows: list[Due], epoch: int) -> None:
        """Tell the hall of one session after the other, until it does not take one.

        ``epoch``: what the monotonic clock's seconds are to be added to, for the rows may take a while.
        """
        try:
            for place, row in enumerate(rows):
                if not self._tell(row, epoch + int(time.monotonic())):
                    later = epoch + int(time.monotonic()) + after(row.tries + 1)
                    self._put_off(rows[place + 1 :], later)
                    break
        except Problem as problem:  # the store is away, most likely: the rows are due again
            log.warning("logout put off: %s", problem)
        except Exception:
            log.exception("logout failed")
        finally:
            self._ended(hall)

    def _put_off(self, rows: list[Due], until: int) -> None:
        def work(tx: Tx) -> None:
            for row in rows:
                logout_outbox.postpone(tx, row, until)

        self._engine.durable.write(work)

    def _tell(self, row: Due, now: int) -> bool:
        """Try once; False where the hall did not take it."""
        engine = self._engine
        leased = engine.durable.write(lambda tx: logout_outbox.lease(tx, row, now, now + LEASE_SECONDS))
        if leased is None:
            return True
        client = engine.clients.get(row.client)
        if client is None or not client.backchannel_logout_uri:
            engine.durable.write(lambda tx: logout_outbox.done(tx, leased))
            return True
        why = self._post(client, leased, now)
        if why is not None and leased.tries < TRIES_MOST:
            engine.durable.write(lambda tx: logout_outbox.postpone(tx, leased, now + after(leased.tries)))
        else:
            engine.durable.write(lambda tx: logout_outbox.done(tx, leased))
        if why is not None:
            over = leased.tries >= TRIES_MOST
            facts = {"client": client.client_id, "why": why, "tries": leased.tries}
            log.log(
                logging.WARNING if over else logging.INFO,
                "logout_given_up" if over else "logout_not_taken",
                extra={"facts": facts},
            )
        return why is None

    def _post(self, client: Client, row: Due, now: int) -> str | None:
        """Send it (§ 2.5); why the hall did not take it (§ 2.8), None where it did."""
        kind = "application/x-www-form-urlencoded"
        try:
            body = urlencode({"logout_token": logout_token(self._engine, client, row, now)}).encode()
            status = self._engine.fetcher.post(client.backchannel_logout_uri, body, kind).status
        except (ForeignRefused, NoEncryptionKey, NotFetched) as refused:
            return refused.detail or refused.code
        return None if 200 <= status < 300 else f"status {status}"
