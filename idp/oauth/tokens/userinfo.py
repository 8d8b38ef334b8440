"""Userinfo (OIDC Core § 5.3): what the token's scopes open, and what was asked for one by one and allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from idp.oauth import consent
from idp.oauth.claims.claims import Part, opened_by
from idp.oauth.claims.claims_request import stored
from idp.oauth.claims.holder_claims import claims_of
from idp.oauth.clients.answer_rules import RING
from idp.oauth.grantee import Grantee
from idp.oauth.tokens.answering import encrypted
from keys.rings import NO_TYP

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client
    from idp.oauth.engine import Engine
    from web.access import VerifiedAccess

__all__ = ["as_jwt", "userinfo"]

_NOTHING = Part()


def userinfo(engine: Engine, client: Client, access: VerifiedAccess, now: int) -> dict[str, Any] | None:
    """The claims; None where the holder is gone, or the token is nobody's."""
    if access.holder_key is None:
        return None
    grantee = Grantee(access.holder_key, access.acting_for or b"", client.client_id)
    body = None
    if access.claims:
        body = engine.durable.read(lambda tx: consent.body(tx, grantee, access.claims))
    wanted = stored(body).userinfo if body else _NOTHING
    return claims_of(engine, client, grantee, access.office, opened_by(access.scopes), wanted, now)


def as_jwt(engine: Engine, client: Client, found: dict[str, Any], now: int) -> str | None:
    """The claims as the client registered for them, signed or encrypted or both (§ 5.3.2); None: plain.

    Raises:
        ForeignRefused, NoEncryptionKey: they are to be encrypted, and no key for that can be had.

    """
    if client.userinfo_signed_alg:
        claims = {"iss": engine.issuer, "aud": client.client_id, "iat": now, **found}
        signed = engine.keys.sign_jwt(RING, claims, typ=NO_TYP, algorithm=client.userinfo_signed_alg)
        return encrypted(engine, client, "userinfo", signed, now)
    if client.userinfo_encrypted_alg:
        return encrypted(engine, client, "userinfo", msgspec.json.encode(found), now, nested=False)
    return None
