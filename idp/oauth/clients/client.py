"""What is registered about one client; a plain value.

A machine secret has 256 random bits and is stored as its SHA-256: nothing shorter can be guessed offline,
and a password function would cost every token request a quarter second.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Final, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["AuthMethod", "Client", "Profile", "new_secret", "secret_matches"]

Profile = Literal["basic", "fapi2", "fapi2-message-signing", "native", "browser", "terminal"]
FAPI: Final = frozenset({"fapi2", "fapi2-message-signing"})
AuthMethod = Literal[
    "client_secret_basic",
    "client_secret_post",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
    "none",
]


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """What is registered about one client (OIDC Registration § 2, RFC 7591 § 2, and our own)."""

    client_id: str
    name_zh: str
    name_en: str
    profile: Profile = "basic"
    """The policy that creation and every change keep."""
    auth_method: AuthMethod = "client_secret_basic"
    secret_hashes: tuple[str, ...] = ()
    """SHA-256, hex; two while a secret is being replaced, the older one first."""
    old_secret_ends: int = 0
    """Unix seconds; from then on the last of ``secret_hashes`` alone is good."""
    application_type: Literal["web", "native"] = "web"
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    grants: tuple[str, ...] = ("authorization_code",)
    scopes: tuple[str, ...] = ("openid",)
    pkce_required: bool = True
    sector: str = ""
    """Host, or the host of sector_identifier_uri (OIDC Core § 8.1)."""
    subject_type: Literal["pairwise", "public"] = "pairwise"
    id_token_alg: Literal["ES256", "RS256", "PS256", "EdDSA"] = "ES256"
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

    # keys of the client's own (OIDC Registration § 2)
    jwks: str = ""
    """A JWK Set by value, JSON; either this or ``jwks_uri``."""
    jwks_uri: str = ""

    # how it authenticates (RFC 7591 § 2, RFC 8705 § 2.1.2)
    auth_alg: str = ""
    """token_endpoint_auth_signing_alg; empty: any that we accept."""
    tls_subject_dn: str = ""
    """RFC 4514; of the five exactly one, for tls_client_auth."""
    tls_san_dns: str = ""
    tls_san_uri: str = ""
    tls_san_ip: str = ""
    tls_san_email: str = ""

    # what it binds its tokens to
    dpop_bound: bool = False
    """dpop_bound_access_tokens (RFC 9449 § 5.2)."""
    certificate_bound: bool = False
    """tls_client_certificate_bound_access_tokens (RFC 8705 § 3.4)."""

    # requests (RFC 9126 § 6, RFC 9101 § 10.5, OIDC Registration § 2)
    par_required: bool = False
    signed_request_required: bool = False
    request_object_alg: str = ""
    """request_object_signing_alg; empty: any that we accept."""
    request_object_encryption_alg: str = ""
    request_object_encryption_enc: str = ""
    request_uris: tuple[str, ...] = ()
    default_max_age: int | None = None
    require_auth_time: bool = False
    default_acr_values: tuple[str, ...] = ()
    initiate_login_uri: str = ""

    # responses and tokens; alg empty: not signed, or not encrypted
    authorization_signed_alg: str = "ES256"
    """JARM § 3; used where a jwt response mode is asked for."""
    authorization_encrypted_alg: str = ""
    authorization_encrypted_enc: str = ""
    id_token_encrypted_alg: str = ""
    id_token_encrypted_enc: str = ""
    userinfo_signed_alg: str = ""
    userinfo_encrypted_alg: str = ""
    userinfo_encrypted_enc: str = ""
    introspection_signed_alg: str = ""
    """RFC 9701 § 6; empty: ES256 where a signed answer is asked for."""
    introspection_encrypted_alg: str = ""
    introspection_encrypted_enc: str = ""

    # logout
    backchannel_logout_uri: str = ""
    backchannel_logout_session_required: bool = False
    frontchannel_logout_uri: str = ""
    frontchannel_logout_session_required: bool = False

    # back-channel login (CIBA § 4)
    ciba_delivery: Literal["", "poll", "ping"] = ""
    ciba_notification_endpoint: str = ""
    ciba_request_alg: str = ""

    # about it, for people
    sector_identifier_uri: str = ""
    client_uri: str = ""
    logo_uri: str = ""
    policy_uri: str = ""
    tos_uri: str = ""
    contacts: tuple[str, ...] = ()

    # registered by itself (RFC 7592)
    registration_token_hash: str = ""
    """SHA-256 of the registration access token, hex."""
    registered_at: int = 0
    may_register: tuple[str, ...] = ()
    """Scopes that its initial access token allowed; a change of its own stays within."""
    may_grant: tuple[str, ...] = ()
    """Grants, likewise."""

    @property
    def fapi(self) -> bool:
        """Held to FAPI 2.0, with message signing or without."""
        return self.profile in FAPI

    @property
    def public(self) -> bool:
        """Without a secret: a native or browser application."""
        return self.auth_method == "none"

    @property
    def own_word(self) -> bool:
        """Registered by itself: nobody has checked its name (RFC 7591 § 5)."""
        return bool(self.registration_token_hash)

    @property
    def hears_of_logout(self) -> bool:
        """Whether it registered an address to be told at, by us or by the browser."""
        return bool(self.backchannel_logout_uri or self.frontchannel_logout_uri)


def new_secret(entropy: Callable[[int], bytes]) -> tuple[str, str]:
    """A secret of 256 bits to hand out once, and its hash to keep."""
    secret = urlsafe_b64encode(entropy(32)).rstrip(b"=").decode()
    return secret, hashlib.sha256(secret.encode()).hexdigest()


_NOBODY = ("0" * 64,)


def secret_matches(client: Client | None, secret: str, now: int) -> bool:
    """Compare in constant time; an unknown client costs the same and never matches."""
    given = hashlib.sha256(secret.encode()).hexdigest()
    hashes = client.secret_hashes if client else _NOBODY
    if client is not None and now >= client.old_secret_ends:
        hashes = hashes[-1:]
    found = False
    for known in hashes:
        found |= hmac.compare_digest(given, known)
    return found and client is not None
