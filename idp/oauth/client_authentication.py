"""Which client is calling: exactly one method a request, the one it is registered with (RFC 6749 § 2.3).

A method is one function in ``METHODS``; private_key_jwt and certificates are further rows.
"""

from __future__ import annotations

import binascii
import hashlib
from base64 import b64decode
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_plus

import msgspec

from idp.oauth.client import Client, secret_matches
from idp.oauth.errors import InvalidClient, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from idp.oauth.clients import Clients
    from web.call import Call

__all__ = ["METHODS", "authenticate"]


class _Shown(msgspec.Struct, frozen=True):
    """What a caller shows of itself."""

    client_id: str
    secret: str = ""


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


def _none(call: Call) -> _Shown | None:
    client_id = call.form.get("client_id")
    return None if client_id is None else _Shown(client_id)


METHODS: Final[dict[str, Callable[[Call], _Shown | None]]] = {
    "client_secret_basic": _basic,
    "client_secret_post": _post,
    "none": _none,
}
"""Registered method → what the call shows by it; ``none`` comes last: others may name client_id too."""


def authenticate(clients: Clients, call: Call) -> Client:
    """The enabled client that proved itself.

    A header that proved a client is remembered by its digest and counts again as long as the client's record
    is the very same one: decoding and comparing cost a tenth of a token otherwise.

    Raises:
        InvalidClient: unknown, disabled, wrong secret or method: one answer, in the same time.
        InvalidRequest: two methods at once.

    """
    header = call.header("Authorization")
    digest = hashlib.sha256(header.encode()).digest() if header is not None else b""
    remembered = clients.proven(digest)
    if (
        remembered is not None
        and "client_secret" not in call.form
        and (call.form.get("client_id") in (None, remembered.client_id))
    ):
        return remembered
    client = _prove(clients, call)
    if client.auth_method == "client_secret_basic":
        clients.remember(digest, client)
    return client


def _prove(clients: Clients, call: Call) -> Client:
    shown = {name: found for name, read in METHODS.items() if (found := read(call)) is not None}
    named = shown.pop("none", None)
    if len(shown) > 1:
        raise InvalidRequest("Authenticate the client by one method only.")
    if not shown:
        if named is None:
            raise InvalidClient
        shown["none"] = named
    method, proof = next(iter(shown.items()))
    if named is not None and named.client_id != proof.client_id:
        raise InvalidRequest("Send the client_id that the client authenticates as.")
    client = clients.enabled(proof.client_id)
    proven = method == "none" or secret_matches(client, proof.secret)
    if client is None or not proven or client.auth_method != method:
        raise InvalidClient(detail=f"client authentication by {method}")
    return client
