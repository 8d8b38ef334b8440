"""An authorization request while the checks go over it: each fills in what it has found good.

A request comes as parameters, as the name of one that was pushed (RFC 9126), or as a signed object (RFC
9101). ``came`` is what this call brought, ``parameters`` is what counts, ``own`` is what leads back here: of
a pushed or signed request only its client and itself, since what else stands beside it counts for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from idp.oauth.claims.claims_request import NOTHING, Asked
from idp.oauth.clients.client import Client
from idp.oauth.engine import Engine
from idp.oauth.grantee import Grantee
from idp.oauth.requests import login_hint
from idp.oauth.requests.pushed import Pushed
from idp.oauth.senders.sender import ANYBODY, Sender
from idp.sessions.session import Session
from web.call import Call, Parameters
from web.pages import Pages
from web.reply import Reply

__all__ = ["Asking", "Check", "Leave"]

BEGUN = "begun"
WHOLE = frozenset({"request", "request_uri"})
"""Each of them is the whole request (RFC 9101 § 5, RFC 9126 § 4)."""


@dataclass(slots=True)
class Asking:
    """What a field says holds only after its check; ``redirect_uri`` is None until it is trusted."""

    engine: Engine
    call: Call
    came: Parameters
    now: int
    pages: Pages | None = None
    """None where no browser waits for the answer."""
    parameters: Parameters = field(init=False)
    own: list[tuple[str, str]] = field(init=False)
    client: Client = field(init=False)
    pushing: bool = False
    """It is being pushed, so nobody is asked yet."""
    pushed: Pushed | None = None
    fetched: str | None = None
    """The request object that stood at ``request_uri``."""
    signed: bool = False
    """It came as an object under the client's own signature."""
    redirect_uri: str | None = None
    mode: str = "query"
    """How the answer travels, a name of ``response.MODES``."""
    challenge: bytes = b""
    sender: Sender = ANYBODY
    """To whose key the code will be bound."""
    scopes: tuple[str, ...] = ()
    nonce: str = ""
    resources: tuple[int, ...] = ()
    details: Mapping[bytes, str] = field(default_factory=dict)
    """Digest → canonical JSON."""
    asked: Asked = NOTHING
    """The parameter ``claims``."""
    claims: bytes = b""
    """Digest of what of it is to be answered; empty for nothing."""
    prompt: frozenset[str] = frozenset()
    max_age: int | None = None
    hinted: str | None = None
    """``sub`` of the ID token shown as id_token_hint."""
    begun: int | None = None
    """When this very request arrived first, proven by our seal."""
    led: bytes = b""
    """Which session was led to the consent page with this request, to be shown what; proven likewise."""
    session: Session = field(init=False)

    def __post_init__(self) -> None:
        """Begin with what came; see the module for ``own``."""
        self.parameters = self.came
        alone = any(any(self.came.all(name)) for name in WHOLE)  # an empty one counts as left out
        kept = [
            (name, value)
            for name, value in self.came.pairs()
            if name != BEGUN and (not alone or name in WHOLE or name == "client_id")
        ]
        self.own = login_hint.sealed(self.engine.keys, kept, self.now)

    def get(self, name: str) -> str | None:
        """A parameter's one value; None where absent or empty."""
        return self.parameters.get(name)

    @property
    def silent(self) -> bool:
        """prompt=none: no page may be shown."""
        return "none" in self.prompt

    @property
    def grantee(self) -> Grantee:
        """Who would give to whom."""
        session = self.session
        return Grantee(session.holder_key, session.acting_for or b"", self.client.client_id)

    def own_query(self, begun: str) -> str:
        """The request as a query again, with our proof of when it began."""
        return urlencode([*self.own, (BEGUN, begun)])


class Leave(Exception):
    """A check that cannot decide before the person has been elsewhere."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


Check = Callable[[Asking], Any]
