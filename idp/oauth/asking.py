"""An authorization request while the checks go over it: each fills in what it has found good."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from idp.oauth.client import Client
from idp.oauth.engine import Engine
from idp.oauth.grantee import Grantee
from idp.sessions.session import Session
from web.call import Call, Parameters
from web.reply import Reply

__all__ = ["Asking", "Check", "Leave"]

BEGUN = "begun"


@dataclass(slots=True)
class Asking:
    """What a field says holds only after its check; ``redirect_uri`` is None until it is trusted."""

    engine: Engine
    call: Call
    parameters: Parameters
    now: int
    client: Client = field(init=False)
    redirect_uri: str | None = None
    challenge: bytes = b""
    scopes: tuple[str, ...] = ()
    nonce: str = ""
    resources: tuple[int, ...] = ()
    details: Mapping[bytes, str] = field(default_factory=dict)
    """Digest → canonical JSON."""
    prompt: frozenset[str] = frozenset()
    begun: int | None = None
    """When this very request arrived first, proven by our seal."""
    led: bytes = b""
    """The session that was led to the consent page with this request, proven likewise."""
    session: Session = field(init=False)

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
        pairs = [pair for pair in self.parameters.pairs() if pair[0] != BEGUN]
        return urlencode([*pairs, (BEGUN, begun)])


class Leave(Exception):
    """A check that cannot decide before the person has been elsewhere."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


Check = Callable[[Asking], Any]
