"""Activation on pages, and the way back for who forgot the password: the same three steps.

/activate (name, number) → /activate/code (from the phone on file) → /activate/password

The page after the first step is the same whether a record matches or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from idp.errors import FlowEnded, PasswordRefused
from idp.factors.activation import Flow, Verdict
from idp.pages.return_to import keeping
from web import Endpoint, public
from web.reply import Reply

if TYPE_CHECKING:
    from idp.factors.activation import Activation
    from idp.sessions.accounts import Accounts
    from idp.sessions.known_browser import KnownBrowsers
    from web import Call, Pages
    from web.sealed_cookie import SealedCookie

__all__ = ["ActivationPages"]

_WHY = "who has no password yet cannot log in"


@dataclass(frozen=True, slots=True)
class ActivationPages:
    """The pages; ``flow`` keeps in the browser what it began."""

    activation: Activation
    accounts: Accounts
    browsers: KnownBrowsers
    pages: Pages
    flow: SealedCookie

    def endpoints(self) -> tuple[Endpoint, ...]:
        """The routes."""
        return (
            Endpoint("GET", "/activate", self.form, public(_WHY), page=True),
            Endpoint("POST", "/activate", self.begin, public(_WHY), page=True),
            Endpoint("GET", "/activate/code", self.code_form, public(_WHY), page=True),
            Endpoint("POST", "/activate/code", self.check, public(_WHY), page=True),
            Endpoint("GET", "/activate/password", self.password_form, public(_WHY), page=True),
            Endpoint("POST", "/activate/password", self.set_password, public(_WHY), page=True),
        )

    def form(self, call: Call) -> Reply:
        """Name and number."""
        return self._page(call, "idp/activate.html", missing=False)

    def begin(self, call: Call) -> Reply:
        """Offer a code to the phone on file, if there is one for that name and number."""
        name, typed = call.form.get("name"), call.form.get("identifier")
        if name is None or typed is None:
            return self._page(call, "idp/activate.html", status=400, missing=True)
        flow = self.activation.begin(name, typed, call.now)
        return Reply.redirect(keeping("/activate/code", call), (self._kept(call, flow),))

    def code_form(self, call: Call) -> Reply:
        """The code, with the last digits of the phone that got it."""
        flow = self._begun(call, proved=False)
        if flow is None:
            return Reply.redirect(keeping("/activate", call))
        return self._page(call, "idp/activate_code.html", tail=flow.tail, verdict=None)

    def check(self, call: Call) -> Reply:
        """Look at the code."""
        flow = self._begun(call, proved=False)
        if flow is None:
            return Reply.redirect(keeping("/activate", call))
        verdict = self.activation.check(flow, call.form.get("code") or "", call.now)
        if verdict is Verdict.RIGHT:
            proved = self.activation.proved(flow, call.now)
            return Reply.redirect(keeping("/activate/password", call), (self._kept(call, proved),))
        status = 429 if verdict is Verdict.CLOSED else 403
        return self._page(
            call, "idp/activate_code.html", status=status, tail=flow.tail, verdict=verdict.value
        )

    def password_form(self, call: Call) -> Reply:
        """A new password."""
        if self._begun(call, proved=True) is None:
            return Reply.redirect(keeping("/activate", call))
        return self._page(call, "idp/activate_password.html", why=None)

    def set_password(self, call: Call) -> Reply:
        """Set it; the browser is known from now on, and leads to the login."""
        flow = self._begun(call, proved=True)
        if flow is None:
            return Reply.redirect(keeping("/activate", call))
        password = call.form.get("password") or ""
        again = call.form.get("password_again")
        if again is not None and again != password:
            return self._page(call, "idp/activate_password.html", status=400, why="differ")
        try:
            self.accounts.activate(flow, password, call.now)
        except PasswordRefused as refused:
            return self._page(call, "idp/activate_password.html", status=400, why=refused.why)
        except FlowEnded:
            return Reply.redirect(keeping("/activate", call), (self.flow.clear(),))
        headers = (self.flow.clear(), self.browsers.remember(call, flow.holder))
        return Reply.redirect(keeping("/login", call), headers)

    def _kept(self, call: Call, flow: Flow) -> tuple[str, str]:
        return self.flow.write(call, msgspec.to_builtins(flow))

    def _begun(self, call: Call, *, proved: bool) -> Flow | None:
        try:
            flow = msgspec.convert(self.flow.read(call), Flow)
        except msgspec.ValidationError:
            return None
        return flow if call.now < flow.ends and flow.proved is proved else None

    def _page(self, call: Call, template: str, *, status: int = 200, **context: Any) -> Reply:
        return self.pages.page(call, template, status=status, login=keeping("/login", call), **context)
