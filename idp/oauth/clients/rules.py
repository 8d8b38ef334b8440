"""What a registration must keep, at creation as on every change (RFC 9700 § 2, RFC 8252 § 7, § 8)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from idp.oauth.clients.answer_rules import answer_faults
from idp.oauth.clients.grant_types import CIBA, DEVICE_CODE, TOKEN_EXCHANGE
from idp.oauth.clients.key_rules import key_faults
from idp.oauth.clients.profiles import CIBA_ALGORITHMS
from idp.oauth.clients.uri_rules import uri_faults
from idp.oauth.origin import origin_of
from idp.oauth.scopes import SCOPES
from keys.rings import PURPOSES

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client

__all__ = ["LOOPBACK", "faults", "identifier"]

LOOPBACK = frozenset({"127.0.0.1", "[::1]", "localhost"})

_VISIBLE: Final = re.compile(r"[!#-)+-;=?-\[\]_a-z~]+")
"""A URI's characters (RFC 3986 § 2) but the wildcard, and without ``"<>\\^`{|}`` that are none."""
_AUTHORITY: Final = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
"""Host and port; nothing in it begins another directive of a Content-Security-Policy."""
GRANTS = frozenset(
    {"authorization_code", "refresh_token", "client_credentials", DEVICE_CODE, CIBA, TOKEN_EXCHANGE}
)
OF_A_PERSON = frozenset({"authorization_code", DEVICE_CODE, CIBA})
"""Grants that a refresh token can come with."""
RESPONSE_ALGORITHMS = PURPOSES["authorization-response"].algorithms


def faults(client: Client) -> list[str]:
    """Every rule that the record breaks, as English sentences; empty where it keeps them all."""
    found = [sentence for broken, sentence in _rules(client) if broken]
    found += key_faults(client) + uri_faults(client) + answer_faults(client)
    addresses = (*client.redirect_uris, *client.post_logout_redirect_uris)
    if broken := [fault for uri in addresses for fault in _redirect_faults(client, uri)]:
        return found + broken
    return found + _logout_faults(client)


def _rules(client: Client) -> list[tuple[bool, str]]:
    code = "authorization_code" in client.grants
    return [
        (not identifier(client.client_id), "client_id: 1-64 characters of A-Z a-z 0-9 - . _ ~ :"),
        (not client.name_zh or not client.name_en, "name_zh, name_en: give both."),
        (bool(set(client.grants) - GRANTS), "grants: only those that the metadata lists."),
        (bool(set(client.scopes) - set(SCOPES)), "scopes: only those that the metadata lists."),
        (client.public and not client.pkce_required, "pkce_required: a public client needs PKCE."),
        (
            CIBA in client.grants and (client.public or not client.ciba_delivery),
            "CIBA: for a confidential client, with ciba_delivery poll or ping.",
        ),
        (
            client.ciba_request_alg not in {"", *CIBA_ALGORITHMS},
            "ciba_request_alg: one that the metadata lists.",
        ),
        (
            client.ciba_delivery == "ping" and not client.ciba_notification_endpoint,
            "ciba_notification_endpoint: where a client of delivery ping is told.",
        ),
        (
            TOKEN_EXCHANGE in client.grants and (client.public or not client.serves or not client.audiences),
            "token exchange: for a confidential client that serves a resource and calls another.",
        ),
        (client.public and "client_credentials" in client.grants, "A public client has no credentials."),
        (
            client.dpop_bound and client.certificate_bound,
            "dpop_bound, certificate_bound: a token is bound to one of them.",
        ),
        (code and not client.redirect_uris, "redirect_uris: the code flow needs one."),
        (
            "refresh_token" in client.grants and not OF_A_PERSON & set(client.grants),
            "refresh_token comes with a grant that asks a person.",
        ),
        (
            client.subject_type == "pairwise" and code and not client.sector and len(_hosts(client)) != 1,
            "sector: name it where the redirect URIs have several hosts (OIDC Core 8.1).",
        ),
        (
            client.authorization_signed_alg not in RESPONSE_ALGORITHMS,
            "authorization_signed_alg: one that the metadata lists.",
        ),
        (
            client.initiate_login_uri != ""
            and not (
                client.initiate_login_uri.startswith("https://")
                and _VISIBLE.fullmatch(client.initiate_login_uri)
            ),
            "initiate_login_uri: https (OIDC Core 4).",
        ),
        (len(client.audiences) > 8, "audiences: at most 8."),  # an authorization code holds their places
    ]


def identifier(text: str) -> bool:
    """Whether a text has the form of a client_id; of anything else there is no record to look for."""
    return 0 < len(text) <= 64 and all(c.isascii() and (c.isalnum() or c in "-._~:") for c in text)


def _hosts(client: Client) -> set[str]:
    try:
        return {urlsplit(uri).hostname or "" for uri in client.redirect_uris}
    except ValueError:  # told by the rules of redirect URIs
        return set()


def _redirect_faults(client: Client, uri: str) -> list[str]:
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return [f"{uri}: no URI."]
    name = uri if uri.isascii() else "redirect URI"
    rules = [
        (not _VISIBLE.fullmatch(uri), "visible ASCII without wildcards and quotation marks."),
        (bool(parts.fragment) or "#" in uri, "no fragment."),
        (parts.username is not None or parts.password is not None, "no user information."),
        (
            bool(parts.netloc) and not _AUTHORITY.fullmatch(parts.netloc),
            "a host of letters, digits, dots and hyphens.",
        ),
    ]
    if wrong := next((sentence for broken, sentence in rules if broken), None):
        return [f"{name}: {wrong}"]
    if parts.scheme == "https" and parts.netloc:
        return []
    if parts.scheme == "http" and _loopback(parts.netloc):
        return []
    # RFC 8252 § 7.1: a private-use scheme is a reversed domain name, so it holds a period
    if client.application_type == "native" and "." in parts.scheme:
        return []
    return [f"{name}: https, or http on loopback, or a native application's private scheme."]


def _logout_faults(client: Client) -> list[str]:
    """Back-Channel Logout 1.0 § 2.2, Front-Channel Logout 1.0 § 2."""
    back, front = client.backchannel_logout_uri, client.frontchannel_logout_uri
    given = [uri for uri in (back, front) if uri]
    if broken := [fault for uri in given for fault in _redirect_faults(client, uri)]:
        return broken
    if any(origin_of(uri) is None for uri in given):
        return ["backchannel_logout_uri, frontchannel_logout_uri: https addresses."]
    if front and origin_of(front) not in {origin_of(uri) for uri in client.redirect_uris}:
        return ["frontchannel_logout_uri: scheme, host and port of a redirect URI."]
    return []


def _loopback(netloc: str) -> bool:
    host, _, port = netloc.rpartition(":")
    return netloc in LOOPBACK or (host in LOOPBACK and port.isdigit())
