"""Changing one's own password: the present one, and the new one twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from idp.errors import LoginRefused, PasswordRefused, TryLater
from web import Endpoint
from web.reply import Reply

if TYPE_CHECKING:
    from idp.sessions.accounts import Accounts
    from idp.sessions.known_browser import KnownBrowsers
    from idp.sessions.session import Session
    from idp.sessions.single_sign_on import SingleSignOn
    from web import Call, Pages

__all__ = ["PasswordPage"]


@dataclass(frozen=True, slots=True)
class PasswordPage:
    """The page."""

    accounts: Accounts
    browsers: KnownBrowsers
    sso: SingleSignOn
    pages: Pages

    def endpoints(self) -> tuple[Endpoint, ...]:
        """The routes."""
        gate = self.sso.signed_in()
        return (
            Endpoint("GET", "/account/password", self.form, gate, page=True),
            Endpoint("POST", "/account/password", self.change, gate, page=True),
        )

    def form(self, call: Call) -> Reply:
        """Empty fields."""
        return self._page(call, None)

    def change(self, call: Call) -> Reply:
        """Change it; the other sessions end."""
        session: Session = call.principal
        new = call.form.get("new_password") or ""
        if call.form.get("password_again") not in (None, new):
            return self._page(call, "differ", 400)
        place = self.browsers.place(call, session.holder_key)
        current = call.form.get("password") or ""
        try:
            self.accounts.change_password(session, current, new, place=place, now=call.now)
        except LoginRefused:
            return self._page(call, "wrong", 403)
        except TryLater as later:
            reply = self._page(call, "wait", 429, later.retry_after)
            return reply.adding(("Retry-After", str(later.retry_after)))
        except PasswordRefused as refused:
            return self._page(call, refused.why, 400)
        return Reply.redirect("/account")

    def _page(self, call: Call, why: str | None, status: int = 200, seconds: int = 0) -> Reply:
        return self.pages.page(call, "idp/password.html", status=status, why=why, seconds=seconds)
