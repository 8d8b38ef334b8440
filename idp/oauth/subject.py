"""The name under which a client knows a holder: its own by default (pairwise, OIDC Core § 8.1).

holder_key never leaves the service. Two clients with one sector see one ``sub``, others cannot join their
records. ``sid`` likewise is another one for each client, or it would undo the pairwise subjects.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from keys import base64url

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client
    from keys import Keys

__all__ = ["sector_of", "session_of", "subject_at", "subject_of"]

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def _text(digest: bytes) -> str:
    return base64url(digest[:24]).decode()  # 192 bits: 32 characters without padding


def subject_of(keys: Keys, client: Client, holder: bytes) -> str:
    """``sub`` of a holder (16-byte key) for a client."""
    if client.subject_type == "public":
        return _text(keys.mac("public-sub", holder))
    return subject_at(keys, sector_of(client), holder)


def subject_at(keys: Keys, sector: str, holder: bytes) -> str:
    """``sub`` of a holder for a sector: a host name, or a resource server's URI."""
    return _text(keys.mac("pairwise-sub", sector.encode() + b"\0" + holder))


def sector_of(client: Client) -> str:
    """The registered sector, or the one host of the redirect URIs, or the client itself."""
    return client.sector or _host_of(client.redirect_uris) or client.client_id


@lru_cache(maxsize=1024)
def _host_of(redirect_uris: tuple[str, ...]) -> str | None:
    """The host that gets every answer, and is its owner's alone.

    Behind a scheme of its own an application writes any host it likes, and at loopback stands every one of a
    device: they would hear by what names a hall, or another of them, knows people.
    """
    hosts = {_own_host(uri) for uri in redirect_uris}
    return hosts.pop() if len(hosts) == 1 else None


def _own_host(uri: str) -> str | None:
    parts = urlsplit(uri)
    return None if parts.scheme != "https" or parts.hostname in LOOPBACK else parts.hostname


def session_of(keys: Keys, client_id: str, session: bytes) -> str:
    """``sid``: a session's name for one client."""
    return _text(keys.mac("sid", session + b"\0" + client_id.encode()))
