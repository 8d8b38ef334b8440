"""A signed back-channel request (CIBA § 7.1.1, FAPI-CIBA § 5.2.2): all its claims there, used once."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from idp.oauth.clients.profiles import CIBA_ALGORITHMS
from idp.oauth.errors import InvalidRequest, InvalidRequestObject
from idp.oauth.requests.request_object import LONGEST_SECONDS, as_parameters, claims_in
from store import Marker, spend_name

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client
    from idp.oauth.engine import Engine
    from web.call import Parameters

__all__ = ["signed_petition"]

KIND: Final = "petition"
LONGEST_JTI: Final = 512
SPAN: Final = 2 * LONGEST_SECONDS
"""Between the earliest and the latest end of objects that are good at one time."""


def signed_petition(engine: Engine, client: Client, text: str, now: int) -> Parameters:
    """What the client asks; its ``jti`` is spent.

    Raises:
        InvalidRequest: the mend names the claim that failed; CIBA § 13 has no code of its own for objects.

    """
    registered = client.ciba_request_alg
    allowed = tuple(each for each in CIBA_ALGORITHMS if registered in ("", each))
    try:
        claims = claims_in(engine, client, text, allowed, at=now, strict=True)
    except InvalidRequestObject as refused:
        raise InvalidRequest(f"request: {refused.mend}", detail=refused.detail) from refused
    issued, jti = claims.get("iat"), claims.get("jti")
    if issued is None:
        raise InvalidRequest("request: Send iat.", detail="iat")
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI:
        raise InvalidRequest("request: Send jti, a new string each time.", detail="jti")
    marker = Marker(
        owner=hashlib.sha256(client.client_id.encode()).digest()[:16],
        kind=KIND,
        value=hashlib.sha256(jti.encode()).digest(),
        ends=int(claims["exp"]),
        by=client.client_id.encode(),
        at=now,
        ref=b"",
    )
    if not engine.durable.write(lambda tx: spend_name(tx, marker, SPAN)):
        raise InvalidRequest("request: Send another jti; this one was used.", detail="jti")
    return as_parameters(client, claims)
