"""Puts the engine together, for ``idp.build``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from idp.oauth.clients.client_keys import ClientKeys
from idp.oauth.clients.registered import Clients
from idp.oauth.engine import Engine
from idp.oauth.logout.backchannel import BackChannel
from idp.oauth.senders.dpop import Proofs
from idp.oauth.senders.dpop_nonce import Nonces
from idp.oauth.tokens.verified import Tokens
from idp.oauth.waiting.ping import Pings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from idp.oauth.clients.certificates import Authorities
    from idp.oauth.settings import OAuthSettings
    from idp.people.facts import Facts
    from idp.sessions.single_sign_on import SingleSignOn
    from keys import Keys
    from store import Durable, Expiring, Feed
    from web.access import DetailType
    from web.fetching import Fetcher

__all__ = ["OAuth", "assemble"]


@dataclass(frozen=True, slots=True)
class OAuth:
    """The engine and what it knows of access tokens."""

    engine: Engine
    tokens: Tokens
    """Implements ``web.access.AccessTokens``."""
    back_channel: BackChannel
    pings: Pings

    def close(self) -> None:
        """End the threads that tell clients something."""
        self.back_channel.close()
        self.pings.close()


def _authorities(file: Path | None) -> Authorities | None:
    if file is None:
        return None
    from idp.oauth.clients.certificates import Authorities  # X.509 for those who have it

    return Authorities(file)


def assemble(  # noqa: PLR0913 - a composition root names its parts
    *,
    issuer: str,
    settings: OAuthSettings,
    durable: Durable,
    expiring: Expiring,
    keys: Keys,
    feed: Feed,
    facts: Facts,
    sign_on: SingleSignOn,
    fetcher: Fetcher,
    details: Iterable[DetailType] = (),
    entropy: Callable[[int], bytes] = os.urandom,
    mtls: str = "",
) -> OAuth:
    """Build it; the feed is subscribed to and must not have been polled yet.

    Raises:
        ValueError: the settings or the issuer are wrong; the message names every fault.

    """
    found = settings.faults()
    if issuer.endswith("/") or "://" not in issuer:
        found.append("issuer: an origin, without a slash at the end")
    if found:
        raise ValueError("; ".join(found))
    nonces = Nonces(lambda data: keys.mac("dpop-nonce", data), settings.dpop_nonce)
    engine = Engine(
        issuer=issuer,
        mtls=mtls,
        settings=settings,
        durable=durable,
        expiring=expiring,
        keys=keys,
        clients=Clients(durable, feed),
        client_keys=ClientKeys(fetcher, expiring, lambda data: keys.mac("jwks", data)),
        authorities=_authorities(settings.client_ca_file),
        facts=facts,
        sign_on=sign_on,
        fetcher=fetcher,
        proofs=Proofs({issuer, mtls or issuer}, nonces),
        details={kind.name: kind for kind in details},
        entropy=entropy,
    )
    return OAuth(engine, Tokens(engine, feed), BackChannel(engine), Pings(engine))
