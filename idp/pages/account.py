"""One's own account: sessions, halls with access, the factors; end, withdraw, log out."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from idp.errors import NoSuchSession
from idp.events import new_id
from idp.oauth import consent
from idp.oauth.claims.claims_request import agreed_to
from idp.oauth.grantee import Grantee
from manyou.identifiers import mask_number
from web import Endpoint
from web.reply import Reply

if TYPE_CHECKING:
    from idp.oauth.clients.registered import Clients
    from idp.oauth.logout.farewell import Farewell
    from idp.people.facts import Facts
    from idp.sessions.accounts import Accounts, Listed
    from idp.sessions.session import Session
    from idp.sessions.single_sign_on import SingleSignOn
    from store import Durable, Tx
    from web import Call, Pages

__all__ = ["AccountPages", "Hall", "shown_time"]

_CHINA: Final = timedelta(hours=8)


def shown_time(at: int) -> str:
    """China's clock, to the minute."""
    return (datetime.fromtimestamp(at, UTC) + _CHINA).strftime("%Y-%m-%d %H:%M")


@dataclass(frozen=True, slots=True)
class Hall:
    """A hall that has access, as its line on the page."""

    client_id: str
    name: tuple[str, str]
    since: str
    scopes: tuple[str, ...]
    """Catalogue keys of what it may know or do."""
    opens: bool
    """Whether it registered where a login of its own begins."""


@dataclass(frozen=True, slots=True)
class AccountPages:
    """The pages; each needs a login."""

    accounts: Accounts
    facts: Facts
    clients: Clients
    sso: SingleSignOn
    farewell: Farewell
    durable: Durable
    pages: Pages

    def endpoints(self) -> tuple[Endpoint, ...]:
        """The routes."""
        gate = self.sso.signed_in()
        return (
            Endpoint("GET", "/account", self.show, gate, page=True),
            Endpoint("POST", "/account/sessions/end", self.end_session, gate, page=True),
            Endpoint("POST", "/account/halls/end", self.end_hall, gate, page=True),
            Endpoint("POST", "/account/logout", self.log_out, gate, page=True),
        )

    def show(self, call: Call) -> Reply:
        """Everything on one page."""
        session: Session = call.principal
        person = self.facts.person(session.holder_key, call.now)
        company = self.facts.organisation(session.acting_for) if session.acting_for else None
        return self.pages.page(
            call,
            "idp/account.html",
            session=session,
            name=person.name if person else "",
            number=mask_number(person.number) if person else "",
            company=company,
            sessions=[(each, shown_time(each.started)) for each in self._sessions(session, call.now)],
            halls=self._halls(session),
            has_totp=self.accounts.has_totp(session.holder_key),
        )

    def end_session(self, call: Call) -> Reply:
        """End one of one's own sessions, the present one too."""
        session: Session = call.principal
        handle = call.form.get("session") or ""
        if handle == session.id.hex():
            return self.log_out(call)
        with suppress(NoSuchSession):  # it ended meanwhile: the list shows it
            self.accounts.end_session(session, handle, call.now)
        return Reply.redirect("/account")

    def end_hall(self, call: Call) -> Reply:
        """Take a hall's access back: its tokens fall at once."""
        session: Session = call.principal
        client = call.form.get("client") or ""
        grantee = Grantee(session.holder_key, session.acting_for or b"", client)
        id_ = new_id(call.now)
        self.durable.write(lambda tx: consent.withdraw(tx, grantee, call.now, id_))
        return Reply.redirect("/account")

    def log_out(self, call: Call) -> Reply:
        """End this browser's session."""
        return self.farewell.part(call, call.principal, "/login")

    def _sessions(self, session: Session, now: int) -> list[Listed]:
        return self.accounts.sessions(session, now)

    def _halls(self, session: Session) -> list[Hall]:
        holder, acting_for = session.holder_key, session.acting_for or b""

        def work(tx: Tx) -> list[tuple[consent.Given, dict[bytes, str]]]:
            given = consent.list_for(tx, holder, acting_for)
            return [(each, consent.bodies(tx, Grantee(holder, acting_for, each.client_id))) for each in given]

        halls = []
        for each, bodies in self.durable.read(work):
            client = self.clients.get(each.client_id)
            name = (client.name_zh, client.name_en) if client else (each.client_id, each.client_id)
            keys = tuple(f"consent.scope_{scope}" for scope in each.scopes)
            keys = (*keys, *(f"consent.claim_{claim}" for claim in agreed_to(bodies.values(), each.scopes)))
            scopes = tuple(key for key in keys if key in self.pages.catalogue)
            opens = client is not None and client.enabled and client.initiate_login_uri != ""
            halls.append(Hall(each.client_id, name, shown_time(each.since), scopes, opens))
        return halls
