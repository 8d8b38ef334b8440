"""The end of a browser's login: the session ends, every hall is told, and the person is led on.

Halls that registered a back channel are told by us (``backchannel``), those with a front channel by the
browser: a page of ours loads their addresses in hidden frames (OpenID Connect Front-Channel Logout 1.0) and
goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from idp.events import SessionsEnded, event
from idp.oauth.origin import policy_origin
from idp.oauth.requests.session_state import forgotten
from idp.oauth.subject import session_of
from idp.sessions import session_client
from idp.sessions.ending import end
from web.reply import Reply

if TYPE_CHECKING:
    from idp.oauth.engine import Engine
    from idp.oauth.logout.backchannel import BackChannel
    from idp.sessions.session import Session
    from store import Tx
    from web.call import Call
    from web.pages import Pages

__all__ = ["Farewell"]


@dataclass(frozen=True, slots=True)
class Farewell:
    """Shared by the end-session endpoint and the account page."""

    engine: Engine
    back_channel: BackChannel
    pages: Pages

    def part(self, call: Call, session: Session | None, onward: str | None) -> Reply:
        """End the session and answer.

        ``onward``: where the browser goes afterwards, found good by the caller; None: our own last page.
        """
        frames = {}
        if session is not None:
            frames = self._frames(session, self._end(session, call.now))
            self.back_channel.at_once(session.id, call.now)
        gone = self.engine.sign_on.forget(), forgotten(self.engine)
        if onward is not None and not frames:
            return Reply.redirect(onward, gone)
        page = self.pages.page(
            call,
            "idp/logged_out.html",
            frames=tuple(dict.fromkeys(frames.values())),
            addresses=tuple(frames),
            onward=onward,
        )
        return page.adding(*gone)

    def _end(self, session: Session, now: int) -> list[str]:
        """End it; the clients that are to hear of it."""
        body = SessionsEnded(sessions=[session.id.hex()], why="logout")
        id_ = self.engine.event_id(now)
        happened = event(body, id=id_, at=now, holder_key=session.subject, actor="person")

        def work(tx: Tx) -> list[str]:
            clients = session_client.of_session(tx, session.id)
            end(tx, session.id, "logout", now, happened)
            return clients

        return self.engine.durable.write(work)

    def _frames(self, session: Session, clients: list[str]) -> dict[str, str]:
        """Front-channel addresses with ``iss`` and ``sid`` (§ 2), each with its origin."""
        found = {}
        for client_id in clients:
            client = self.engine.clients.enabled(client_id)
            uri = client.frontchannel_logout_uri if client is not None else ""
            origin = policy_origin(uri) if uri else None
            if origin is None:
                continue
            sid = session_of(self.engine.keys, client_id, session.id)
            query = urlencode({"iss": self.engine.issuer, "sid": sid})
            found[f"{uri}{'&' if '?' in uri else '?'}{query}"] = origin
        return found
