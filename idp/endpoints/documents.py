"""Discovery and JWKS: prebuilt bytes (OIDC Discovery § 4, RFC 8414 § 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.oauth.discovery import Document, metadata
from web.endpoint import Endpoint, public

if TYPE_CHECKING:
    from idp.oauth.engine import Engine
    from store import Feed

__all__ = ["document_endpoints"]


def document_endpoints(engine: Engine, feed: Feed) -> tuple[Endpoint, ...]:
    """Build the documents; the key set follows the rings."""
    described = Document.of(metadata(engine))
    keys = Document(engine.keys.jwks())

    def changed(_subject: bytes | None) -> None:
        engine.keys.refresh()
        keys.replace(engine.keys.jwks())

    feed.subscribe("key-ring", changed)
    anybody = public("what every client needs to know; nothing of anybody stands in it")
    return (
        Endpoint("GET", "/.well-known/openid-configuration", described.reply, anybody),
        Endpoint("GET", "/.well-known/oauth-authorization-server", described.reply, anybody),
        Endpoint("GET", "/jwks", keys.reply, anybody),
    )
