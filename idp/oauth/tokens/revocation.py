"""Revocation (RFC 7009): an access token alone, a refresh token with its family and all that came from it.

Whatever is shown, the answer is the same: a client learns nothing about tokens that are not its own (§ 2.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.oauth import family
from idp.oauth.errors import InvalidGrant, InvalidRequest
from idp.oauth.events import FamilyEnded, event
from idp.oauth.tokens import access_token
from idp.oauth.tokens.sealed_refresh import open_refresh
from ledger import append

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client
    from idp.oauth.engine import Engine
    from store import Tx
    from web.call import Call

__all__ = ["revoke"]


def revoke(engine: Engine, call: Call, caller: Client) -> None:
    """Refuse the token from now on.

    Raises:
        InvalidRequest: no token.

    """
    text = call.form.get("token")
    if text is None:
        raise InvalidRequest("Send token.")
    now = call.now
    try:
        refresh = open_refresh(engine.keys, caller.client_id, text)
    except InvalidGrant:
        _access(engine, text, now, caller)
        return
    event_id, grantee = engine.event_id(now), refresh.grantee(caller.client_id)

    def work(tx: Tx) -> None:
        found = family.find(tx, grantee, refresh.family)
        if found is not None and family.end(tx, grantee, found.id, found.ends, now):
            body = FamilyEnded("revoked_by_client", found.acting_for.hex())
            append(tx, event(event_id, body, at=now, grantee=grantee, subject=found.id))

    engine.durable.write(work)


def _access(engine: Engine, text: str, now: int, caller: Client) -> None:
    access = access_token.open_access(engine.keys, text) or access_token.open_jwt(
        engine.keys, engine.issuer, text
    )
    if access is not None and access.held_by == caller.client_id and access.ends > now:
        engine.durable.write(lambda tx: family.revoke_token(tx, access.jti, access.ends, now))
