"""Logging in on pages: number and password, acting for an organisation, the one-time code.

    /login ── a person's number ──────────────► where it began
      │  └── an organisation's code → /login/acting ──►  ″
      └── one-time codes are on ────→ /login/otp ─────►  ″

Every refusal is the same page; nothing that was typed comes back in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from idp.pages.return_to import keeping, return_to
from idp.people.numbers import organisation_meant
from idp.sessions.login import SECOND_STEP_SECONDS, FirstFactor, NeedsCode, Refused, Welcome
from web import Endpoint, public
from web.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from idp.sessions.login import Login
    from web import Call, Pages
    from web.sealed_cookie import SealedCookie

__all__ = ["LoginPages"]

_WHY = "one must be able to log in"


@dataclass(frozen=True, slots=True)
class LoginPages:
    """The pages; ``step`` keeps in the browser what the next step needs."""

    login: Login
    pages: Pages
    step: SealedCookie
    hinted: Callable[[str, int], str]
    """Opens the sealed login_hint of an authorization request."""

    def endpoints(self) -> tuple[Endpoint, ...]:
        """The routes."""
        return (
            Endpoint("GET", "/login", self.form, public(_WHY), page=True),
            Endpoint("POST", "/login", self.send, public(_WHY), page=True),
            Endpoint("GET", "/login/acting", self.acting_form, public(_WHY), page=True),
            Endpoint("POST", "/login/acting", self.acting_send, public(_WHY), page=True),
            Endpoint("GET", "/login/otp", self.code_form, public(_WHY), page=True),
            Endpoint("POST", "/login/otp", self.code_send, public(_WHY), page=True),
        )

    def form(self, call: Call) -> Reply:
        """Number and password; the number that a hall hints at stands there, whoever has it."""
        return self._page(
            call, "idp/login.html", identifier=self.hinted(call.query.get("hint") or "", call.now)
        )

    def send(self, call: Call) -> Reply:
        """Look at them; an organisation's code leads to the page for who acts for it."""
        typed, password = call.form.get("identifier"), call.form.get("password")
        if typed is not None and (uscc := organisation_meant(typed)) is not None:
            return Reply.redirect(
                keeping("/login/acting", call), (self.step.write(call, {"organisation": uscc}),)
            )
        return self._first(call, "idp/login.html", typed, password, None)

    def acting_form(self, call: Call) -> Reply:
        """The acting person's own number and password."""
        uscc = self._organisation(call)
        if uscc is None:
            return Reply.redirect(keeping("/login", call))
        return self._page(call, "idp/acting.html", uscc=uscc)

    def acting_send(self, call: Call) -> Reply:
        """Look at them, and at the office in the organisation that was named before."""
        uscc = self._organisation(call)
        if uscc is None:
            return Reply.redirect(keeping("/login", call))
        typed, password = call.form.get("identifier"), call.form.get("password")
        return self._first(call, "idp/acting.html", typed, password, uscc)

    def code_form(self, call: Call) -> Reply:
        """The one-time code, for whose password was right in this browser."""
        if self._waiting(call) is None:
            return Reply.redirect(keeping("/login", call))
        return self._page(call, "idp/otp.html")

    def code_send(self, call: Call) -> Reply:
        """Look at it."""
        first = self._waiting(call)
        if first is None:
            return Reply.redirect(keeping("/login", call))
        outcome = self.login.second_step(call, first, call.form.get("otp") or "")
        return self._answer(call, outcome, "idp/otp.html", {})

    def _first(
        self, call: Call, template: str, typed: str | None, password: str | None, uscc: str | None
    ) -> Reply:
        context: dict[str, Any] = {"uscc": uscc} if uscc is not None else {}
        if typed is None or password is None:
            return self._page(call, template, status=400, missing=True, **context)
        outcome = self.login.first_step(call, typed, password, code=call.form.get("otp"), organisation=uscc)
        return self._answer(call, outcome, template, context)

    def _answer(
        self, call: Call, outcome: Welcome | NeedsCode | Refused, template: str, context: dict[str, Any]
    ) -> Reply:
        match outcome:
            case Welcome():
                return Reply.redirect(return_to(call), (*outcome.headers, self.step.clear()))
            case NeedsCode(first=first, refused=None):
                waiting = self.step.write(call, {"first": msgspec.to_builtins(first)})
                return Reply.redirect(keeping("/login/otp", call), (waiting,))
            case NeedsCode(first=first, refused=refused):
                waiting = self.step.write(call, {"first": msgspec.to_builtins(first)})
                return self._refused(call, "idp/otp.html", refused, {}).adding(waiting)
            case Refused():
                return self._refused(call, template, outcome, context)

    def _refused(self, call: Call, template: str, refused: Refused | None, context: dict[str, Any]) -> Reply:
        later = refused is not None and (refused.wait > 0 or refused.closed)
        reply = self._page(call, template, status=429 if later else 403, refused=refused, **context)
        if refused is not None and refused.wait > 0:
            reply = reply.adding(("Retry-After", str(refused.wait)))
        return reply

    def _organisation(self, call: Call) -> str | None:
        found = self.step.read(call).get("organisation")
        return found if isinstance(found, str) else None

    def _waiting(self, call: Call) -> FirstFactor | None:
        try:
            first = msgspec.convert(self.step.read(call).get("first"), FirstFactor)
        except msgspec.ValidationError:
            return None
        return first if call.now < first.proved_at + SECOND_STEP_SECONDS else None

    def _page(self, call: Call, template: str, *, status: int = 200, **context: Any) -> Reply:
        context = {
            "refused": None,
            "missing": False,
            "identifier": "",
            "activate": keeping("/activate", call),
            **context,
        }
        return self.pages.page(call, template, status=status, leads_elsewhere=True, **context)
