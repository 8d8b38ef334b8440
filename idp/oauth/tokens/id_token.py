"""The ID token (OIDC Core § 2): that a login happened, when and how; of the person only what was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idp.oauth.claims.holder_claims import claims_of
from idp.oauth.clients.answer_rules import RING
from idp.oauth.clients.grant_types import CIBA
from idp.oauth.subject import session_of, subject_of
from idp.oauth.tokens.answering import encrypted
from idp.oauth.tokens.hints import reference

if TYPE_CHECKING:
    from idp.oauth.claims.claims_request import Wanted
    from idp.oauth.clients.client import Client
    from idp.oauth.engine import Engine
    from idp.oauth.grantee import Grantee
    from idp.oauth.login import Login

__all__ = ["id_token"]


def id_token(
    engine: Engine,
    client: Client,
    grantee: Grantee,
    login: Login,
    *,
    session: bytes,
    nonce: str,
    wanted: Wanted | None,
    now: int,
) -> str:
    """Sign it with the client's algorithm; ``wanted``: the claims that it is to hold besides.

    Raises:
        ForeignRefused, NoEncryptionKey: it is to be encrypted, and no key for that can be had.

    """
    claims: dict[str, Any] = {
        "iss": engine.issuer,
        "sub": subject_of(engine.keys, client, grantee.subject),
        "aud": client.client_id,
        "iat": now,
        "exp": now + engine.settings.id_token_seconds,
        "auth_time": login.auth_time,
        "acr": login.acr if wanted is None or not wanted.acrs else login.acr_among(wanted.acrs),
        "amr": login.amr,
        "sid": session_of(engine.keys, client.client_id, session),
    }
    if CIBA in client.grants:  # its back-channel requests may show the token as id_token_hint
        claims["ref"] = reference(engine, client.client_id, grantee.subject)
    if nonce:
        claims["nonce"] = nonce
    if wanted is not None and wanted.id_token:
        about = claims_of(engine, client, grantee, login.office, frozenset(), wanted.id_token, now) or {}
        claims = about | claims
    signed = engine.keys.sign_jwt(RING, claims, typ="JWT", algorithm=client.id_token_alg)
    return encrypted(engine, client, "id_token", signed, now) if client.id_token_encrypted_alg else signed
