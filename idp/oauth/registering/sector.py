"""sector_identifier_uri: a list of redirect URIs, fetched when a client is registered (OIDC Core § 8.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from idp.oauth.clients.registered import ClientFaulty
from web.errors import NotFetched

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client
    from web.fetching import Fetcher

__all__ = ["check_sector"]

_decode = msgspec.json.Decoder(list[str]).decode


def check_sector(fetcher: Fetcher, client: Client) -> None:
    """Let a client use a sector that lists every redirect URI of it; or it could learn others' subjects.

    Raises:
        ClientFaulty: the list cannot be had, or lacks one.
    """
    uri = client.sector_identifier_uri
    if not uri:
        return
    try:
        listed = set(_decode(fetcher.get(uri).body))
    except (NotFetched, msgspec.DecodeError, ValueError, RecursionError) as error:
        raise ClientFaulty(
            "sector_identifier_uri: serve a JSON array of redirect URIs there, by https, quickly, with 200."
        ) from error
    if not set(client.redirect_uris) <= listed:
        raise ClientFaulty("sector_identifier_uri: list every redirect URI of the client there.")
