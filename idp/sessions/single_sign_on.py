"""One login for all halls: the browser's cookie, the session behind it, and the gate of our own pages.

The cookie holds 32 random bytes. Every login and every rise of privilege makes new ones, whatever the browser
brought along, so a cookie that somebody planted beforehand never becomes a session (fixation).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from idp.errors import LoginRefused
from idp.events import LoggedIn, SessionsEnded, event, new_id
from idp.sessions import records
from idp.sessions.device import device_name
from idp.sessions.ending import end
from idp.sessions.records import NewSession
from ledger import append
from web import Authorisation
from web.problems import SignInFirst

if TYPE_CHECKING:
    from idp.sessions.session import Session
    from idp.sessions.settings import SessionSettings
    from store import Durable, Tx
    from web import Call, Transport

__all__ = ["COOKIE", "Proved", "SingleSignOn", "Start"]

COOKIE: Final = "manyou"
SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Proved:
    """Who has just proved to be whom, and by what: made by the login alone."""

    holder_key: bytes
    acting_for: bytes | None
    office: str | None
    factors: dict[str, int]


@dataclass(frozen=True, slots=True)
class Start:
    """A session ready to begin: everything random is made, nothing is written yet."""

    new: NewSession
    before: tuple[Session, bytes] | None
    """The living session that the browser brought, and the SHA-256 of its secret."""
    set_cookie: tuple[str, str]
    ids: tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class SingleSignOn:
    """The session of a call, and how one begins."""

    durable: Durable
    transport: Transport
    settings: SessionSettings

    def current(self, call: Call) -> Session | None:
        """The living session of the browser, kept alive by being used; None where there is none."""
        secret = _digest(call.cookies.get(self.transport.cookie_name(COOKIE)))
        if secret is None:
            return None
        found = self.durable.read(lambda tx: records.by_secret(tx, secret, call.now))
        if found is None:
            return None
        session, touched = found
        if touched <= call.now - records.TOUCH_SECONDS:
            idle_ends = call.now + self.settings.idle_seconds
            self.durable.write(lambda tx: records.touch(tx, session.id, call.now, idle_ends))
        return session

    def signed_in(self) -> Authorisation:
        """The gate of pages that need a login; the page finds the session in ``call.principal``."""
        return Authorisation("session", "the person's own pages", self._admit)

    def _admit(self, call: Call) -> Session:
        session = self.current(call)
        if session is None:
            back = call.path if call.method == "GET" else "/account"
            raise SignInFirst(f"/login?return_to={quote(back, safe='/')}")
        return session

    def prepare(self, call: Call, proved: Proved) -> Start:
        """Make everything a session needs, outside the work that begins it."""
        secret = secrets.token_bytes(SECRET_BYTES)
        value = base64.urlsafe_b64encode(secret).decode().rstrip("=")
        now = call.now
        new = NewSession(
            id=secrets.token_bytes(16),
            secret=hashlib.sha256(secret).digest(),
            holder_key=proved.holder_key,
            acting_for=proved.acting_for,
            office=proved.office,
            factors=proved.factors,
            device=device_name(call.header("User-Agent")),
            started=now,
            idle_ends=now + self.settings.idle_seconds,
            ends=now + self.settings.absolute_seconds,
        )
        session = self.current(call)
        brought = _digest(call.cookies.get(self.transport.cookie_name(COOKIE)))
        before = (session, brought) if session is not None and brought is not None else None
        ids = new_id(now), new_id(now)
        return Start(new, before, self.transport.set_cookie(COOKIE, value), ids)

    def start(self, tx: Tx, start: Start) -> Session:
        """Begin the session, or renew the browser's own where it is the same person in the same capacity.

        Raises:
            LoginRefused: the person is not enabled, or the office does not stand. Undoes the work.

        """
        new, before = start.new, start.before
        if before is not None and _same(before[0], new) and _renew(tx, new, *before):
            session = records.living(tx, before[0].id, new.started)
        else:
            if before is not None:
                old, at = before[0], new.started
                body = SessionsEnded(sessions=[old.id.hex()], why="replaced")
                told = event(body, id=start.ids[1], at=at, holder_key=old.holder_key, actor="person")
                end(tx, old.id, "replaced", at, told)
            records.insert(tx, new)
            session = records.living(tx, new.id, new.started)
        if session is None:
            raise LoginRefused(detail="person not enabled or office ended")
        login = LoggedIn(
            session=session.id.hex(),
            amr=session.amr,
            acr=session.acr,
            office=session.office,
            acting_person=session.holder_key.hex() if session.acting_for else None,
        )
        append(tx, event(login, id=start.ids[0], at=new.started, holder_key=session.subject, actor="person"))
        return session

    def forget(self) -> tuple[str, str]:
        """The header that takes the cookie from the browser."""
        return self.transport.set_cookie(COOKIE, "", max_age=0)


def _renew(tx: Tx, new: NewSession, before: Session, secret: bytes) -> bool:
    """Keep the id, which families and halls know, and change what the browser holds."""
    factors = {**before.factors, **new.factors}
    return records.renew(
        tx,
        before,
        old=secret,
        secret=new.secret,
        factors=factors,
        now=new.started,
        idle_ends=new.idle_ends,
    )


def _same(before: Session, new: NewSession) -> bool:
    return (before.holder_key, before.acting_for, before.office) == (
        new.holder_key,
        new.acting_for,
        new.office,
    )


def _digest(cookie: str | None) -> bytes | None:
    """SHA-256 of the cookie's secret; None for anything that we never set."""
    if cookie is None or len(cookie) != 43:
        return None
    try:
        secret = base64.b64decode(cookie + "=", altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    return hashlib.sha256(secret).digest()
