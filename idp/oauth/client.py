"""What is registered about one client; a plain value.

A machine secret has 256 random bits and is stored as its SHA-256: nothing shorter can be guessed offline,
and a password function would cost every token request a quarter second.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Client", "new_secret", "secret_matches"]


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """What is registered about one client (OIDC Registration § 2, RFC 7591 § 2, and our own)."""

    client_id: str
    name_zh: str
    name_en: str
    auth_method: Literal["client_secret_basic", "client_secret_post", "none"] = "client_secret_basic"
    secret_hashes: tuple[str, ...] = ()
    """SHA-256, hex; two while a secret is being replaced."""
    application_type: Literal["web", "native"] = "web"
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    grants: tuple[str, ...] = ("authorization_code",)
    scopes: tuple[str, ...] = ("openid",)
    pkce_required: bool = True
    sector: str = ""
    """Host, or the host of sector_identifier_uri (OIDC Core § 8.1)."""
    subject_type: Literal["pairwise", "public"] = "pairwise"
    id_token_alg: Literal["ES256", "RS256"] = "ES256"
    agency_uscc: str | None = None
    verifier: Literal["none", "registered", "public"] = "none"
    trusted: bool = False
    """First party: no consent page; the record stands all the same."""
    audiences: tuple[str, ...] = ()
    """Resources it may ask tokens for; the first is the default of client credentials."""
    serves: tuple[str, ...] = ()
    """Resources that it is itself: whose tokens it may introspect."""
    detail_types: tuple[str, ...] = ()
    """Types of authorization_details it may ask for."""
    least_level: int = 0
    """Real-name level 0-3 below which no token is issued."""
    least_strength: int = 0
    """Login strength 0-3, likewise."""
    enabled: bool = True

    @property
    def public(self) -> bool:
        """Without a secret: a native or browser application."""
        return self.auth_method == "none"


def new_secret(entropy: Callable[[int], bytes]) -> tuple[str, str]:
    """A secret of 256 bits to hand out once, and its hash to keep."""
    secret = urlsafe_b64encode(entropy(32)).rstrip(b"=").decode()
    return secret, hashlib.sha256(secret.encode()).hexdigest()


_NOBODY = ("0" * 64,)


def secret_matches(client: Client | None, secret: str) -> bool:
    """Compare in constant time; an unknown client costs the same and never matches."""
    given = hashlib.sha256(secret.encode()).hexdigest()
    hashes = client.secret_hashes if client else _NOBODY
    found = False
    for known in hashes:
        found |= hmac.compare_digest(given, known)
    return found and client is not None
