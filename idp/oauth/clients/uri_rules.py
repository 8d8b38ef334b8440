"""What a registration must keep about addresses and texts that are shown or fetched (pure).

OIDC Registration § 2, RFC 7591 § 2 and § 5: https, or loopback for who develops; none leads anywhere by
itself, since whatever is fetched goes through the one fetcher.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from manyou.errors import Problem
from web.outbound import target

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client

__all__ = ["uri_faults"]

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
SINGLE: Final = (
    "jwks_uri",
    "sector_identifier_uri",
    "client_uri",
    "logo_uri",
    "policy_uri",
    "tos_uri",
    "ciba_notification_endpoint",
)
MOST: Final = 32
"""Members of any list of a registration."""
LONGEST_NAME: Final = 100
LONGEST_TEXT: Final = 255


def uri_faults(client: Client) -> list[str]:
    """Every rule that the record breaks, as English sentences."""
    found = [
        f"{name}: https, without user information and fragment."
        for name in SINGLE
        if (uri := getattr(client, name)) and not _https(uri)
    ]
    # OIDC Core § 6.2: a fragment may hold the hash of what lies there
    if any(not _https(uri.partition("#")[0]) for uri in client.request_uris):
        found.append("request_uris: https.")
    lists = ("redirect_uris", "post_logout_redirect_uris", "request_uris", "contacts", "default_acr_values")
    found += [f"{name}: at most {MOST}." for name in lists if len(getattr(client, name)) > MOST]
    for name in ("name_zh", "name_en"):
        text = getattr(client, name)
        if len(text) > LONGEST_NAME or not text.isprintable():  # a page shows it: nothing that turns the line
            found.append(f"{name}: at most {LONGEST_NAME} printable characters.")
    texts = (*client.contacts, *client.default_acr_values)
    if any(len(text) > LONGEST_TEXT or not text.isprintable() for text in texts):
        found.append(f"contacts, default_acr_values: at most {LONGEST_TEXT} printable characters each.")
    if client.default_max_age is not None and not 0 <= client.default_max_age < 1 << 31:
        found.append("default_max_age: seconds, from 0.")
    return found


def _https(uri: str) -> bool:
    try:
        parts = target(uri)
    except Problem:
        return False
    return parts.secure or parts.host in LOOPBACK
