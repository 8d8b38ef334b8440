"""Letting another device in (RFC 8628 § 3.3): type its code, see what it wants, agree or not.

An address that carries the code (verification_uri_complete, a scanned picture) only fills in the field. What
the code stands for is shown with who asks and from where, for somebody may have been sent another's code
(§ 5.4), and what was shown to one session is agreed to in that session alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from idp.factors import attempts
from idp.oauth.waiting import user_code
from idp.oauth.waiting.waiting import DEVICE, allow, deny, find
from idp.pages.asked import Shown, reached, shown
from keys.errors import SealBroken
from web import Authorisation, Endpoint
from web.errors import MalformedParameters
from web.problems import SignInFirst
from web.reply import Reply

if TYPE_CHECKING:
    from idp.oauth.engine import Engine
    from idp.oauth.waiting.waiting import Found
    from idp.sessions.session import Session
    from web import Call, Pages

__all__ = ["DevicePages"]

ASKED: Final = "device-asked"
"""Kind of the seal around the place of what was shown."""
CODE_MOST: Final = 16
DONE: Final = frozenset({"allow", "deny", "late"})


@dataclass(frozen=True, slots=True)
class DevicePages:
    """The pages; each needs a login, and keeps a scanned code on the way to it."""

    engine: Engine
    pages: Pages

    def endpoints(self) -> tuple[Endpoint, ...]:
        """The routes."""
        gate = Authorisation("session", "who lets a device in must be logged in", self._admit)
        return (
            Endpoint("GET", "/device", self.form, gate, page=True),
            Endpoint("POST", "/device", self.look, gate, page=True),
            Endpoint("POST", "/device/decide", self.decide, gate, page=True),
        )

    def _admit(self, call: Call) -> Session:
        session = self.engine.sign_on.current(call)
        if session is None:
            raise SignInFirst(f"/login?return_to=/device{_kept(call)}")
        return session

    def form(self, call: Call) -> Reply:
        """The field for the code, filled in where the address brought one."""
        done = call.query.get("done")
        return self._form(call, typed=_typed(call), done=done if done in DONE else None)

    def look(self, call: Call) -> Reply:
        """Count the try, then look what waits under the code."""
        session: Session = call.principal
        typed = call.form.get("user_code") or ""
        claim = self.engine.durable.write(
            lambda tx: attempts.claim(
                tx, user_code.TRIES, session.holder_key, attempts.STRANGER, call.now, known=True
            )
        )
        if not claim.granted:
            reply = self._form(call, status=429, refused="device.tries")
            return reply.adding(("Retry-After", str(max(1, claim.wait))))
        place = user_code.place_of(self.engine, typed)
        found = find(self.engine, DEVICE, place) if place is not None else None
        what = self._living(call, found)
        if found is None or what is None:
            return self._form(call, status=403, typed=typed[:CODE_MOST], refused="device.wrong")
        return self._asks(call, found, what)

    def decide(self, call: Call) -> Reply:
        """Yes or no to what this session was shown."""
        session: Session = call.principal
        found = self._shown(call, session)
        what = self._living(call, found)
        if found is None or what is None:
            return Reply.redirect("/device?done=late")
        match call.form.get("decision"):
            case "allow" if not reached(found.waiting, what.client, session):
                return self._asks(call, found, what, status=403)
            case "allow":
                done = "allow" if allow(self.engine, found, session, call.now) else "late"
            case "deny":
                done = "deny" if deny(self.engine, found) else "late"
            case _:
                raise MalformedParameters("Send decision=allow or decision=deny.")
        return Reply.redirect(f"/device?done={done}")

    def _living(self, call: Call, found: Found | None) -> Shown | None:
        """What waits for a decision; None for what has ended, was decided, or whose client is off."""
        if found is None or found.waiting.ends <= call.now or found.waiting.decided:
            return None
        return shown(self.engine, found.waiting)

    def _shown(self, call: Call, session: Session) -> Found | None:
        """The request that the form's seal names, for the session that it was shown to."""
        try:
            place = self.engine.keys.open(ASKED, call.form.get("asked") or "", bound=session.id)
        except SealBroken:
            return None
        return find(self.engine, DEVICE, place.decode())

    def _form(
        self,
        call: Call,
        *,
        status: int = 200,
        typed: str = "",
        refused: str | None = None,
        done: str | None = None,
    ) -> Reply:
        return self.pages.page(
            call, "idp/device.html", status=status, typed=typed, refused=refused, done=done
        )

    def _asks(self, call: Call, found: Found, what: Shown, *, status: int = 200) -> Reply:
        session: Session = call.principal
        context: dict[str, Any] = {
            "asked": self.engine.keys.seal(ASKED, found.place.encode(), bound=session.id),
            "organisation": what.organisation(self.engine, session),
            "able": reached(found.waiting, what.client, session),
            "what": what,
        }
        return self.pages.page(call, "idp/device_asks.html", status=status, **context)


def _typed(call: Call) -> str:
    """A code in the address, if it may be one."""
    text = (call.query.get("user_code") or "")[:CODE_MOST]
    return text if all(each.isalnum() or each in "- " for each in text) else ""


def _kept(call: Call) -> str:
    typed = _typed(call) if call.method == "GET" else ""
    letters = "".join(each for each in typed if each.isascii() and (each.isalnum() or each == "-"))
    return f"%3Fuser_code%3D{letters}" if letters else ""
