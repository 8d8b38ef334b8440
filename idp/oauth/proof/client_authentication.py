"""Which client is calling: exactly one method a request, the one it is registered with (RFC 6749 § 2.3).

A method is one row of ``METHODS``: what of a call shows it, and how that proves the client. A certificate and
a bare ``client_id`` show no method by themselves: a certificate may be there to bind tokens only, and a
``client_id`` goes beside every method. So the client's own registration says which of those is meant.
"""

from __future__ import annotations

import binascii
import hashlib
from base64 import b64decode
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_plus

import msgspec

from idp.oauth.clients.client import Client, secret_matches
from idp.oauth.errors import InvalidClient, InvalidRequest
from idp.oauth.proof.assertion import ASSERTION_TYPE, check_assertion, subject_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from idp.oauth.engine import Engine
    from web.call import Call

__all__ = ["METHODS", "authenticate", "offered"]


class _Shown(msgspec.Struct, frozen=True):
    """What a caller shows of itself."""

    client_id: str
    proof: str = ""
    """The secret or the assertion."""


class _Method(msgspec.Struct, frozen=True):
    """``shown``: None where the call does not use the method; ``prove`` raises ``InvalidClient``."""

    shown: Callable[[Call], _Shown | None]
    prove: Callable[[Engine, Client, _Shown, Call], None]
    by_name: bool = False
    """Shown by ``client_id`` alone."""


def _basic(call: Call) -> _Shown | None:
    """RFC 6749 § 2.3.1: both parts form-urlencoded, then HTTP Basic."""
    header = call.header("Authorization")
    if header is None:
        return None
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient("Authenticate with the scheme Basic.")
    try:
        text = b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise InvalidClient("Send Basic credentials as base64 of UTF-8.") from error
    client_id, colon, secret = text.partition(":")
    if not colon:
        raise InvalidClient("Send client_id and secret with a colon between.")
    if "%" in text or "+" in text:
        return _Shown(unquote_plus(client_id), unquote_plus(secret))
    return _Shown(client_id, secret)


def _post(call: Call) -> _Shown | None:
    secret = call.form.get("client_secret")
    return None if secret is None else _Shown(call.form.get("client_id") or "", secret)


def _assertion(call: Call) -> _Shown | None:
    """RFC 7523 § 2.2; the assertion names the client, a client_id beside it must agree."""
    assertion, kind = call.form.get("client_assertion"), call.form.get("client_assertion_type")
    if assertion is None and kind is None:
        return None
    if kind != ASSERTION_TYPE:
        raise InvalidClient(
            f"Send client_assertion_type as {ASSERTION_TYPE}.", detail="client_assertion_type"
        )
    if assertion is None:
        raise InvalidClient("Send client_assertion.", detail="client_assertion")
    return _Shown(subject_of(assertion) or call.form.get("client_id") or "", assertion)


def _named(call: Call) -> _Shown | None:
    client_id = call.form.get("client_id")
    return None if client_id is None else _Shown(client_id)


def _by_secret(_engine: Engine, client: Client, shown: _Shown, call: Call) -> None:
    if not secret_matches(client, shown.proof, call.now):
        raise InvalidClient(detail="secret")


def _by_assertion(engine: Engine, client: Client, shown: _Shown, call: Call) -> None:
    check_assertion(engine, client, shown.proof, call)


def _by_authority(engine: Engine, client: Client, _shown: _Shown, call: Call) -> None:
    if engine.authorities is None:
        raise InvalidClient(detail="no authorities of clients are listed")
    from idp.oauth.clients import certificates

    certificate = certificates.read(call.certificate)
    engine.authorities.check(certificate, call.now)
    certificates.check_name(client, certificate)


def _by_own_certificate(engine: Engine, client: Client, _shown: _Shown, call: Call) -> None:
    from idp.oauth.clients import certificates

    certificate = certificates.read(call.certificate)
    certificates.check_self_signed(client, engine.client_keys, certificate, call.now)


def _by_nothing(_engine: Engine, _client: Client, _shown: _Shown, _call: Call) -> None:
    """A public client; what it may do, PKCE and the grants' own rules guard."""


METHODS: Final[dict[str, _Method]] = {
    "client_secret_basic": _Method(_basic, _by_secret),
    "client_secret_post": _Method(_post, _by_secret),
    "private_key_jwt": _Method(_assertion, _by_assertion),
    "tls_client_auth": _Method(_named, _by_authority, by_name=True),
    "self_signed_tls_client_auth": _Method(_named, _by_own_certificate, by_name=True),
    "none": _Method(_named, _by_nothing, by_name=True),
}
"""Registered method → how it is shown and proved."""


def offered(engine: Engine) -> list[str]:
    """The methods that are on: certificates need a listener that asks for them, and authorities."""
    off = set()
    if engine.authorities is None:
        off.add("tls_client_auth")
    if not engine.mtls:
        off |= {"tls_client_auth", "self_signed_tls_client_auth"}
    return [name for name in METHODS if name not in off]


def authenticate(engine: Engine, call: Call) -> Client:
    """The enabled client that proved itself.

    A header that proved a client is remembered by its digest and counts again as long as the client's record
    is the very same one: decoding and comparing cost a tenth of a token otherwise.

    Raises:
        InvalidClient: unknown, disabled, wrong proof or method.
        InvalidRequest: two methods at once.

    """
    header, clients = call.header("Authorization"), engine.clients
    digest = hashlib.sha256(header.encode()).digest() if header is not None else b""
    remembered = clients.proven(digest)
    if (
        remembered is not None
        and "client_secret" not in call.form
        and "client_assertion" not in call.form
        and "client_assertion_type" not in call.form
        and (call.form.get("client_id") in (None, remembered.client_id))
    ):
        return remembered
    client = _prove(engine, call)
    # while two secrets are good, one of them is good for a time only
    lasting = len(client.secret_hashes) == 1 or call.now >= client.old_secret_ends
    if client.auth_method == "client_secret_basic" and lasting:
        clients.remember(digest, client)
    return client


def _prove(engine: Engine, call: Call) -> Client:
    named = _named(call)
    used = {
        name: found
        for name, method in METHODS.items()
        if not method.by_name and (found := method.shown(call)) is not None
    }
    if len(used) > 1:
        raise InvalidRequest("Authenticate the client by one method only.")
    if not used and named is None:
        raise InvalidClient
    name, shown = next(iter(used.items())) if used else ("", named)
    if shown is None or (named is not None and named.client_id != shown.client_id):
        raise InvalidRequest("Send the client_id that the client authenticates as.")
    client = engine.clients.enabled(shown.client_id)
    if client is None:
        secret_matches(None, shown.proof, call.now)  # an unknown client takes the same time
        raise InvalidClient(detail="client")
    method = METHODS[client.auth_method]
    if name != client.auth_method and (name or not method.by_name):
        raise InvalidClient(detail=f"client authentication by {name or 'client_id'}")
    method.prove(engine, client, shown, call)
    return client
