"""Whose key a request proves: asked where tokens are given, and again wherever one is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.oauth.errors import InvalidRequest, InvalidToken
from idp.oauth.sender import ANYBODY, Sender, of_certificate, token_type

if TYPE_CHECKING:
    from idp.oauth.client import Client
    from web.call import Call

__all__ = ["check_sender", "prove"]


def prove(call: Call, client: Client) -> Sender:
    """The key that the tokens of this request are bound to; ``ANYBODY`` where the client binds to none.

    Raises:
        InvalidRequest: the client's tokens are bound to its certificate, and it showed none.

    """
    if not client.certificate_bound:
        return ANYBODY
    certificate = call.certificate
    if certificate is None:
        raise InvalidRequest("Connect with the client's certificate, where mtls_endpoint_aliases says.")
    return of_certificate(certificate)


def check_sender(call: Call, sender: Sender, scheme: str) -> None:
    """Let a token be used by whom it is bound to alone, under the scheme of its type.

    Raises:
        InvalidToken: another scheme, or another key.

    """
    kind = token_type(sender)
    if scheme != kind.lower():
        raise InvalidToken(f"Send this access token with the scheme {kind}.")
    if not sender:
        return
    certificate = call.certificate
    if certificate is None or of_certificate(certificate) != sender:
        raise InvalidToken("Connect with the certificate that the access token is bound to.")
