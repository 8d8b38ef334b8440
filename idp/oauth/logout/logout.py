"""RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0): one logout ends the login at every hall.

The session is ended only on the word of an ID token that was issued for it, or of the person on a page of
ours: a link on a stranger's page logs nobody out. Families and tokens fall because the gate reads the
session's state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from idp.oauth.errors import UntrustedRequest
from idp.oauth.subject import session_of
from idp.oauth.tokens.hints import claims_in

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client
    from idp.oauth.engine import Engine
    from idp.sessions.session import Session
    from web.call import Parameters

__all__ = ["Leaving", "leaving"]


@dataclass(frozen=True, slots=True)
class Leaving:
    """A logout request found good."""

    client: Client | None
    back: str | None
    """Where the browser goes afterwards: registered for the client, with state."""
    sid: str | None
    """The session that the hint was issued for, as this client knows it."""

    def proves(self, engine: Engine, session: Session | None) -> bool:
        """Whether the hint itself says that this session is to end; nothing to end needs no proof."""
        if session is None:
            return True
        if self.client is None or self.sid is None:
            return False
        return self.sid == session_of(engine.keys, self.client.client_id, session.id)


def leaving(engine: Engine, parameters: Parameters) -> Leaving:
    """Check a logout request (§ 2, § 3).

    Raises:
        UntrustedRequest: a hint that is not ours, another client than the hint's, an unregistered address.

    """
    client_id, sid = parameters.get("client_id"), None
    hint = parameters.get("id_token_hint")
    if hint is not None:
        claims = claims_in(engine, hint)
        if claims is None or client_id not in {None, claims.get("aud")}:
            raise UntrustedRequest("Send an id_token_hint that this provider issued to this client.")
        client_id, sid = claims["aud"], claims.get("sid")
    client = engine.clients.enabled(client_id) if client_id else None
    back = parameters.get("post_logout_redirect_uri")
    if client_id is None:
        back = None  # whose it is cannot be told: the person is asked, and stays with us (§ 3)
    if back is not None:
        if client is None or back not in client.post_logout_redirect_uris:
            raise UntrustedRequest("Send a post_logout_redirect_uri that is registered for the client.")
        state = parameters.get("state")
        if state is not None:
            back += ("&" if "?" in back else "?") + urlencode({"state": state})
    return Leaving(client, back, sid)
