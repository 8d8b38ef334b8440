"""JWTs of ours in the form that a client registered: signed, encrypted, or both.

ID tokens (OIDC Core § 2), userinfo (§ 5.3.2) and introspection (RFC 9701 § 6): what is both is signed first
(OIDC Core § 10.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keys import encrypt

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client
    from idp.oauth.engine import Engine

__all__ = ["encrypted"]

ENC: Final = "A128CBC-HS256"
"""Where a registration names ``alg`` alone (OIDC Registration § 2)."""


def encrypted(
    engine: Engine, client: Client, what: str, text: str | bytes, now: int, *, nested: bool = True
) -> str:
    """``text`` encrypted to the client's key, if it registered that for ``what``, else as it is.

    Raises:
        ForeignRefused: its key set cannot be had.
        NoEncryptionKey: no key in it is for this.

    """
    alg, enc = getattr(client, f"{what}_encrypted_alg"), getattr(client, f"{what}_encrypted_enc")
    if not alg:
        return text if isinstance(text, str) else text.decode()
    jwks = engine.client_keys.of(client, now).document
    return encrypt(text, jwks, alg, enc or ENC, cty="JWT" if nested else "")
