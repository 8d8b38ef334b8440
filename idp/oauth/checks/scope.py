"""What is asked for: scopes, resources (RFC 8707), authorization details (RFC 9396)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from idp.oauth.errors import InvalidAuthorizationDetails, InvalidScope, InvalidTarget
from idp.oauth.scopes import SCOPES, known
from idp.oauth.sealed_code import digest_of
from manyou.errors import BadRequest, Forbidden

if TYPE_CHECKING:
    from idp.oauth.engine import Engine
    from idp.oauth.requests.asking import Asking

__all__ = ["authorization_details", "canonical_details", "resources_registered", "scopes_allowed"]

DETAILS_MOST = 3
"""Details in one request: the consent page stays readable, the code short."""
DETAIL_CHARACTERS_MOST = 2048

_decode = msgspec.json.Decoder(list[dict[str, Any]]).decode
_encode = msgspec.json.Encoder(order="deterministic").encode


def scopes_allowed(asking: Asking) -> None:
    """Unknown scopes are ignored; a known one that is not the client's, or not a person's, is refused."""
    asking.scopes = known(asking.get("scope"))
    for name in asking.scopes:
        if name not in asking.client.scopes or not SCOPES[name].person:
            raise InvalidScope(f"Leave out the scope {name}; the client is not registered for it.")
    if not asking.scopes and asking.get("authorization_details") is None:
        raise InvalidScope("Send at least one scope, such as openid.")


def resources_registered(asking: Asking) -> None:
    """Each resource is one that the client may ask for; userinfo always may be."""
    places: list[int] = []
    for uri in asking.parameters.all("resource"):
        if uri == asking.engine.userinfo:
            continue
        if uri not in asking.client.audiences:
            raise InvalidTarget
        places.append(asking.client.audiences.index(uri))
    asking.resources = tuple(dict.fromkeys(places))


def authorization_details(asking: Asking) -> None:
    """Each detail is of a type that is on and the client's, and its type finds it good."""
    text = asking.get("authorization_details")
    if text is None:
        return
    found = canonical_details(asking.engine, asking.client.client_id, asking.client.detail_types, text)
    if len(found) > DETAILS_MOST:
        raise InvalidAuthorizationDetails(f"Send at most {DETAILS_MOST} authorization details at once.")
    asking.details = {digest_of(body): body for body in found}


def canonical_details(engine: Engine, client_id: str, allowed: tuple[str, ...], text: str) -> list[str]:
    """The details in a parameter, each as canonical JSON of what its type made of it.

    Raises:
        InvalidAuthorizationDetails: RFC 9396 § 5.

    """
    try:
        details = _decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidAuthorizationDetails from error
    bodies = []
    for detail in details:
        name = detail.get("type")
        if not isinstance(name, str) or name not in engine.details or name not in allowed:
            raise InvalidAuthorizationDetails(
                "Send a type that the metadata lists and the client may ask for."
            )
        try:
            body = _encode(engine.details[name].validate(detail, client_id)).decode()
        except (BadRequest, Forbidden) as error:
            raise InvalidAuthorizationDetails(error.mend, detail=error.code) from error
        if len(body) > DETAIL_CHARACTERS_MOST:
            raise InvalidAuthorizationDetails("Send shorter authorization_details.")
        bodies.append(body)
    return bodies
