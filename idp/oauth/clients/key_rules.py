"""What a registration must keep about secrets, keys and certificates (pure).

OIDC Registration § 2, RFC 7591 § 2, RFC 8705 § 2.1.2.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from idp.oauth.clients.profiles import POLICIES
from keys import KeySetRefused, read_key_set

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client

__all__ = ["key_faults"]

_SECRET: Final = frozenset({"client_secret_basic", "client_secret_post"})
_KEYED: Final = frozenset({"private_key_jwt", "self_signed_tls_client_auth"})
_TLS_NAMES: Final = ("tls_subject_dn", "tls_san_dns", "tls_san_uri", "tls_san_ip", "tls_san_email")
"""Of which tls_client_auth has exactly one (RFC 8705 § 2.1.2)."""


def key_faults(client: Client) -> list[str]:
    """Every rule that the record breaks, as English sentences."""
    method, policy = client.auth_method, POLICIES[client.profile]
    by_secret, given = method in _SECRET, bool(client.jwks or client.jwks_uri)
    names = [name for name in _TLS_NAMES if getattr(client, name)]
    registered = (client.auth_alg, client.request_object_alg, client.ciba_request_alg)
    rules = [
        (method not in policy.auth_methods, f"auth_method: none that profile {client.profile} allows."),
        (by_secret and not client.secret_hashes, "secret_hashes: a client with a secret has one."),
        (not by_secret and bool(client.secret_hashes), f"secret_hashes: auth_method {method} has no secret."),
        (
            policy.application_type not in ("", client.application_type),
            f"application_type: {policy.application_type} for profile {client.profile}.",
        ),
        (
            bool(policy.grants) and not set(client.grants) <= policy.grants,
            f"grants: {', '.join(sorted(policy.grants))} for profile {client.profile}.",
        ),
        (policy.pkce and not client.pkce_required, f"pkce_required: profile {client.profile} needs PKCE."),
        (len(client.secret_hashes) > 2, "secret_hashes: at most two, while one is being replaced."),
        (bool(client.jwks and client.jwks_uri), "jwks, jwks_uri: give one of them."),
        (method in _KEYED and not given, f"jwks, jwks_uri: auth_method {method} needs one."),
        (
            method == "tls_client_auth" and len(names) != 1,
            "tls_client_auth: name exactly one certificate name.",
        ),
        (method != "tls_client_auth" and bool(names), "tls_client_auth alone has certificate names."),
        (
            any(each and each not in policy.algorithms for each in registered),
            f"signing algorithms: {', '.join(policy.algorithms)}.",
        ),
    ]
    found = [sentence for broken, sentence in rules if broken]
    return found + _set_faults(client) + [f for name in names if (f := _name_fault(client, name))]


def _set_faults(client: Client) -> list[str]:
    if not client.jwks:
        return []
    try:
        keys = read_key_set(client.jwks).keys
    except KeySetRefused as refused:
        return [f"jwks: {refused.mend}"]
    kids = [(key.kty, key.kid) for key in keys]
    if len(kids) != len(set(kids)):
        return ["jwks: give each key its own kid."]
    allowed = POLICIES[client.profile].algorithms
    wanted = [each for each in allowed if client.auth_alg in ("", each)]
    if client.auth_method == "private_key_jwt" and not any(key.fits(each) for key in keys for each in wanted):
        return [f"jwks: give a signing key for {' or '.join(wanted)}."]
    return []


def _name_fault(client: Client, name: str) -> str | None:
    try:
        _READ[name](getattr(client, name))
    except ValueError:
        return f"{name}: not in its form."
    return None


def _text(value: str) -> object:
    if not value.isascii() or not value.isprintable() or " " in value or len(value) > 255:
        raise ValueError(value)
    return value


def _read_dn(value: str) -> object:
    from idp.oauth.clients.certificates import read_dn  # X.509 for those who have it

    return read_dn(value)


_READ: Final[dict[str, Callable[[str], object]]] = {
    "tls_subject_dn": _read_dn,
    "tls_san_dns": _text,
    "tls_san_uri": _text,
    "tls_san_ip": ipaddress.ip_address,
    "tls_san_email": _text,
}
