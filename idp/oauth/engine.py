"""What the engine works with: settings, store, keys, clients, and the rooms below it. No state of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from idp.oauth.clients.client_keys import ClientKeys
from idp.oauth.clients.registered import Clients
from idp.oauth.senders.dpop import Proofs
from idp.oauth.settings import OAuthSettings
from idp.people.facts import Facts
from idp.sessions.single_sign_on import SingleSignOn
from keys import Keys
from ledger import event_id
from store import Durable, Expiring
from web.access import DetailType
from web.fetching import Fetcher

if TYPE_CHECKING:  # X.509 is loaded where it is used: nine MiB
    from idp.oauth.clients.certificates import Authorities

__all__ = ["Engine"]


@dataclass(frozen=True, slots=True)
class Engine:
    """Built once by ``idp.build``."""

    issuer: str
    """Origin of the provider, without a slash at the end."""
    mtls: str
    """Origin of the listener where clients authenticate by certificate; empty: there is none."""
    settings: OAuthSettings
    durable: Durable
    expiring: Expiring
    """Requests in flight; it never decides."""
    keys: Keys
    clients: Clients
    client_keys: ClientKeys
    """Their own keys, by value or fetched."""
    authorities: Authorities | None
    """Who may certify clients; None: nobody."""
    facts: Facts
    sign_on: SingleSignOn
    """The browser's living session."""
    fetcher: Fetcher
    """What clients serve at their own addresses."""
    proofs: Proofs
    """Reads DPoP proofs."""
    details: Mapping[str, DetailType]
    """Types of authorization_details, by name."""
    entropy: Callable[[int], bytes]
    """Random bytes."""

    @property
    def userinfo(self) -> str:
        """The audience of a token that reads claims."""
        return self.issuer + "/userinfo"

    def audience(self, name: str) -> str:
        """A resource URI; a bare name such as ``elicence`` is one of ours."""
        return name if ":" in name else f"{self.issuer}/{name}"

    def opaque(self, audience: str) -> bool:
        """Our own resources get sealed tokens: those who carry them learn nothing from them."""
        return audience.startswith(self.issuer + "/")

    def family_id(self) -> bytes:
        """16 bytes, 80 bits of them random, that sort by when they were made.

        Codes are mostly spent in the order they were given out, so the rows of one commit lie side by side.
        """
        return event_id(time.time_ns() // 1_000_000, self.entropy(10))

    def event_id(self, now: int) -> bytes:
        """A new event's id; made outside the work that appends it."""
        return event_id(now * 1000, self.entropy(10))
