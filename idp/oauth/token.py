"""The token endpoint on one screen (RFC 6749 § 3.2).

The client is authenticated by the endpoint's authorisation, before the first step: a thief without its
proof can neither burn a code nor kill a family.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idp.oauth.clients.grant_types import CIBA, DEVICE_CODE, TOKEN_EXCHANGE
from idp.oauth.errors import InvalidRequest, UnauthorizedClient, UnsupportedGrantType
from idp.oauth.exchange import Exchange, Grant
from idp.oauth.grants import (
    authorization_code,
    ciba,
    client_credentials,
    device_code,
    refresh_token,
    token_exchange,
)
from idp.oauth.proof.proving import prove

if TYPE_CHECKING:
    from collections.abc import Callable

    from idp.oauth.clients.client import Client
    from idp.oauth.engine import Engine
    from web.call import Call

__all__ = ["GRANTS", "TOKEN_STEPS", "exchange"]

GRANTS: Final[dict[str, Grant]] = {
    "authorization_code": authorization_code.GRANT,
    "refresh_token": refresh_token.GRANT,
    "client_credentials": client_credentials.GRANT,
    DEVICE_CODE: device_code.GRANT,
    CIBA: ciba.GRANT,
    TOKEN_EXCHANGE: token_exchange.GRANT,
}

REPEATABLE: Final = frozenset({"resource", "audience"})


def _once(ask: Exchange) -> None:
    if ask.form.repeated - REPEATABLE:
        raise InvalidRequest("Send each parameter once; only resource and audience may be repeated.")


def _grant(ask: Exchange) -> None:
    name = ask.form.get("grant_type")
    if name is None:
        raise InvalidRequest("Send grant_type.")
    if name not in GRANTS:
        raise UnsupportedGrantType
    if name not in ask.client.grants:
        raise UnauthorizedClient
    ask.grant = GRANTS[name]


def _sender(ask: Exchange) -> None:
    ask.sender, ask.proof = prove(ask.engine, ask.call, ask.client)


def _open(ask: Exchange) -> None:
    ask.opened = ask.grant.open(ask)


def _redeem(ask: Exchange) -> None:
    ask.outcome = ask.grant.redeem(ask)
    if ask.proof is not None and not ask.spends_proof:  # a grant without a work of its own
        ask.engine.durable.write(ask.proof.use)


def _answer(ask: Exchange) -> None:
    ask.answer = ask.grant.answer(ask)


TOKEN_STEPS: Final[tuple[Callable[[Exchange], None], ...]] = (
    _once,
    _grant,
    _sender,
    _open,
    _redeem,
    _answer,
)


def exchange(engine: Engine, call: Call, client: Client) -> dict[str, Any]:
    """Answer a token request of an authenticated client.

    Raises:
        OAuthError: what is wrong; what had to be written then is written.

    """
    ask = Exchange(engine, call.form, client, call.now, call)
    for step in TOKEN_STEPS:
        step(ask)
    return ask.answer
