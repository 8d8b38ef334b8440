"""Requests that wait for the person (CIBA § 8): by which hall, with which message, from where; yes or no.

Only what is addressed to the very holder for whom the session acts is listed, and only such a session, as
sure as the request asks, agrees to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from idp.oauth.waiting.petition import waiting_for
from idp.oauth.waiting.ping import tell
from idp.oauth.waiting.waiting import CIBA, allow, deny, find
from idp.pages.asked import reached, shown
from keys.errors import SealBroken
from web import Endpoint
from web.errors import MalformedParameters
from web.reply import Reply

if TYPE_CHECKING:
    from idp.oauth.engine import Engine
    from idp.oauth.waiting.waiting import Found
    from idp.sessions.session import Session
    from web import Call, Pages

__all__ = ["RequestPages"]

ASKED: Final = "petition-asked"
"""Kind of the seal around the place of what was shown."""
DONE: Final = frozenset({"allow", "deny", "late"})


@dataclass(frozen=True, slots=True)
class RequestPages:
    """The list and its form."""

    engine: Engine
    pages: Pages

    def endpoints(self) -> tuple[Endpoint, ...]:
        """The routes."""
        gate = self.engine.sign_on.signed_in()
        return (
            Endpoint("GET", "/account/requests", self.show, gate, page=True),
            Endpoint("POST", "/account/requests/decide", self.decide, gate, page=True),
        )

    def show(self, call: Call) -> Reply:
        """All that waits, the oldest first."""
        done = call.query.get("done")
        return self._page(call, done=done if done in DONE else None)

    def decide(self, call: Call) -> Reply:
        """Yes or no to one of them, as this session was shown it."""
        session: Session = call.principal
        found = self._shown(call, session)
        client = self.engine.clients.enabled(found.waiting.client) if found is not None else None
        if found is None or client is None:
            return Reply.redirect("/account/requests?done=late")
        match call.form.get("decision"):
            case "allow" if not reached(found.waiting, client, session):
                return self._page(call, status=403)
            case "allow" as decision:
                done = allow(self.engine, found, session, call.now)
            case "deny" as decision:
                done = deny(self.engine, found)
            case _:
                raise MalformedParameters("Send decision=allow or decision=deny.")
        if done:
            tell(self.engine, found.waiting, call.now)
        return Reply.redirect(f"/account/requests?done={decision if done else 'late'}")

    def _shown(self, call: Call, session: Session) -> Found | None:
        """The request that the form's seal names, where it is this holder's and still undecided."""
        try:
            sealed = self.engine.keys.open(ASKED, call.form.get("asked") or "", bound=session.id)
        except SealBroken:
            return None
        place, _, family = sealed.partition(b" ")
        found = find(self.engine, CIBA, place.decode())
        if found is None or found.waiting.family != family or found.waiting.subject != session.subject:
            return None
        return found if found.waiting.ends > call.now and not found.waiting.decided else None

    def _page(self, call: Call, *, status: int = 200, done: str | None = None) -> Reply:
        session: Session = call.principal
        listed = []
        for found in waiting_for(self.engine, session.subject, call.now):
            what = shown(self.engine, found.waiting)
            if what is not None:
                asked = found.place.encode() + b" " + found.waiting.family
                sealed = self.engine.keys.seal(ASKED, asked, bound=session.id)
                listed.append((what, sealed, reached(found.waiting, what.client, session)))
        organisation = self.engine.facts.organisation(session.acting_for) if session.acting_for else None
        return self.pages.page(
            call,
            "idp/requests.html",
            status=status,
            listed=listed,
            done=done,
            organisation=organisation.name if organisation else None,
        )
