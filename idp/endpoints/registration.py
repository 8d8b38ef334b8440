"""/register and /register/‹client_id›: clients register themselves (RFC 7591, RFC 7592)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from idp.endpoints.refusals import oauth_refusal
from idp.oauth.errors import InvalidClientMetadata, InvalidToken
from idp.oauth.registering import initial, metadata, own
from web.endpoint import Authorisation, Endpoint
from web.errors import BodyNotJson
from web.reply import NO_STORE, Reply

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client
    from idp.oauth.engine import Engine
    from idp.oauth.registering.own import Registered
    from manyou.errors import Problem
    from web.call import Call

__all__ = ["registration_endpoints"]


class _Ticket(msgspec.Struct, frozen=True):
    """By which word somebody registers."""

    terms: initial.Terms
    hash: bytes | None = None


def registration_endpoints(engine: Engine) -> tuple[Endpoint, ...]:
    """The endpoints; none where the operator registers clients alone."""
    mode = engine.settings.registration
    if mode == "off":
        return ()

    def admit(call: Call) -> _Ticket:
        if call.header("Authorization") is None and mode == "AnybodyMayRegister":
            return _Ticket(initial.ANYBODY)
        hash_ = initial.digest(_bearer(call))
        terms = engine.durable.read(lambda tx: initial.look(tx, hash_, call.now))
        if terms is None:
            raise InvalidToken("Send an initial access token of the operator that is still good.")
        return _Ticket(terms, hash_)

    def admit_own(call: Call) -> Client:
        client = engine.clients.stored(call.args.get("client_id", ""))
        if not own.holds(client, _bearer(call)) or client is None:
            raise InvalidToken("Send the newest registration access token of this client.")
        return client

    def create(call: Call) -> Reply:
        ticket: _Ticket = call.principal
        made = own.register(engine, ticket.terms, ticket.hash, _sent(call), call.now)
        return Reply.json(_answer(engine, made), 201)

    def show(call: Call) -> Reply:
        found = metadata.told(call.principal) | {"registration_client_uri": _uri(engine, call.principal)}
        # RFC 7592 § 3 wants both; we keep its hash alone, but whoever asks has shown it
        return Reply.json(found | {"registration_access_token": _bearer(call)})

    def change(call: Call) -> Reply:
        return Reply.json(_answer(engine, own.change(engine, call.principal, _sent(call), call.now)))

    def end(call: Call) -> Reply:
        own.end(engine, call.principal, call.now)
        return Reply(204, b"", NO_STORE)

    registers = Authorisation(
        "registration", "an initial access token of the operator's (RFC 7591 § 3)", admit
    )
    manages = Authorisation(
        "registration", "the client's registration access token (RFC 7592 § 2)", admit_own
    )
    path = "/register/<client_id>"
    return (
        Endpoint("POST", "/register", create, registers, refuse=_refuse),
        Endpoint("GET", path, show, manages, refuse=_refuse),
        Endpoint("PUT", path, change, manages, refuse=_refuse),
        Endpoint("DELETE", path, end, manages, refuse=_refuse),
    )


SECRET_NEVER_EXPIRES: Final = 0


def _answer(engine: Engine, made: Registered) -> dict[str, Any]:
    found = metadata.told(made.client)
    found["registration_client_uri"] = _uri(engine, made.client)
    found["registration_access_token"] = made.token
    if made.secret:
        found |= {"client_secret": made.secret, "client_secret_expires_at": SECRET_NEVER_EXPIRES}
    return found


def _uri(engine: Engine, client: Client) -> str:
    return f"{engine.issuer}/register/{client.client_id}"


def _bearer(call: Call) -> str:
    scheme, _, token = (call.header("Authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token or not token.isascii():
        raise InvalidToken("Send the token in Authorization with the scheme Bearer.")
    return token.strip()


def _sent(call: Call) -> dict[str, Any]:
    return call.json(dict[str, Any])


def _refuse(call: Call, problem: Problem) -> Reply:
    if isinstance(problem, BodyNotJson):
        problem = InvalidClientMetadata(problem.mend)
    return oauth_refusal(call, problem)
