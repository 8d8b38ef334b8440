"""Turning one-time codes on and off.

On: the secret is shown once and kept sealed in the browser, bound to the session; a code of it turns them on.
It takes a login of a moment ago: whoever finds a browser left open, or a cookie, could otherwise bind an app
of their own, and the owner would be locked out for good.
Off: the password is asked for once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from idp.errors import FactorAlreadyBound, LoginRefused, TryLater
from idp.factors import totp
from idp.sessions.single_sign_on import Proved
from manyou.identifiers import mask_number
from web import Endpoint
from web.problems import SignInFirst
from web.reply import Reply

if TYPE_CHECKING:
    from idp.people.facts import Facts
    from idp.sessions.accounts import Accounts
    from idp.sessions.known_browser import KnownBrowsers
    from idp.sessions.session import Session
    from idp.sessions.single_sign_on import SingleSignOn
    from store import Durable
    from web import Call, Pages
    from web.sealed_cookie import SealedCookie

__all__ = ["TotpPages"]

ISSUER = "Manyou"
RECENT_SECONDS = 900
"""Since the password was proved: long enough to install an app."""


@dataclass(frozen=True, slots=True)
class TotpPages:
    """The pages; ``secret`` keeps what is being enrolled in the browser."""

    accounts: Accounts
    browsers: KnownBrowsers
    facts: Facts
    sso: SingleSignOn
    durable: Durable
    pages: Pages
    secret: SealedCookie

    def endpoints(self) -> tuple[Endpoint, ...]:
        """The routes."""
        gate = self.sso.signed_in()
        return (
            Endpoint("GET", "/account/totp", self.form, gate, page=True),
            Endpoint("POST", "/account/totp", self.turn_on, gate, page=True),
            Endpoint("POST", "/account/totp/off", self.turn_off, gate, page=True),
        )

    def form(self, call: Call) -> Reply:
        """The secret and a field for its code; or, where they are on, the way to turn them off."""
        session: Session = call.principal
        if self.accounts.has_totp(session.holder_key):
            return self._off_page(call, None)
        _recent(session, call.now)
        secret = self._pending(call) or self.accounts.new_totp_secret()
        kept = self.secret.write(call, {"session": session.id.hex(), "secret": secret.hex()})
        return self._on_page(call, secret, wrong=False).adding(kept)

    def turn_on(self, call: Call) -> Reply:
        """Look at the code; then the session has risen and gets a new cookie."""
        session: Session = call.principal
        _recent(session, call.now)
        secret = self._pending(call)
        if secret is None:
            return Reply.redirect("/account/totp")
        code = call.form.get("otp") or ""
        try:
            right = self.accounts.bind_totp(
                session.holder_key, secret, code, call.now, channel="account_page"
            )
        except FactorAlreadyBound:
            return Reply.redirect("/account/totp", (self.secret.clear(),))
        if not right:
            return self._on_page(call, secret, wrong=True, status=403)
        proved = Proved(session.holder_key, session.acting_for, session.office, {"otp": call.now})
        start = self.sso.prepare(call, proved)
        self.durable.write(lambda tx: self.sso.start(tx, start))
        return Reply.redirect("/account", (start.set_cookie, self.secret.clear()))

    def turn_off(self, call: Call) -> Reply:
        """Ask for the password, then remove them."""
        session: Session = call.principal
        place = self.browsers.place(call, session.holder_key)
        try:
            self.accounts.confirm(session, call.form.get("password") or "", place=place, now=call.now)
        except LoginRefused:
            return self._off_page(call, "wrong", status=403)
        except TryLater as later:
            reply = self._off_page(call, "wait", status=429, seconds=later.retry_after)
            return reply.adding(("Retry-After", str(later.retry_after)))
        self.accounts.remove_totp(session.holder_key, call.now)
        return Reply.redirect("/account")

    def _pending(self, call: Call) -> bytes | None:
        """The secret that this very session was shown."""
        session: Session = call.principal
        kept = self.secret.read(call)
        return bytes.fromhex(kept["secret"]) if kept.get("session") == session.id.hex() else None

    def _on_page(self, call: Call, secret: bytes, *, wrong: bool, status: int = 200) -> Reply:
        session: Session = call.principal
        person = self.facts.person(session.holder_key, call.now)
        account = mask_number(person.number) if person else ""
        return self.pages.page(
            call,
            "idp/totp_on.html",
            status=status,
            shown=totp.shown_secret(secret),
            uri=totp.key_uri(secret, issuer=ISSUER, account=account),
            digits=totp.DIGITS,
            wrong=wrong,
        )

    def _off_page(self, call: Call, why: str | None, *, status: int = 200, seconds: int = 0) -> Reply:
        return self.pages.page(call, "idp/totp_off.html", status=status, why=why, seconds=seconds)


def _recent(session: Session, now: int) -> None:
    """Ask for the login again, and come back, where it is not of a moment ago.

    Raises:
        SignInFirst: it is older.

    """
    if now - session.auth_time > RECENT_SECONDS:
        raise SignInFirst("/login?return_to=/account/totp")
