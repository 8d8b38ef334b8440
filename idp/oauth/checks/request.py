"""The form of the request: response type and mode, what is not offered, PKCE, nonce."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Final

from idp.oauth.errors import (
    InvalidRequest,
    OAuthError,
    RegistrationNotSupported,
    RequestNotSupported,
    RequestUriNotSupported,
    UnsupportedResponseType,
)

if TYPE_CHECKING:
    from idp.oauth.asking import Asking

__all__ = ["nonce_short", "nothing_unsupported", "pkce", "response_mode_query", "response_type_code"]

NOT_OFFERED: Final[tuple[tuple[str, type[OAuthError]], ...]] = (
    ("request", RequestNotSupported),
    ("request_uri", RequestUriNotSupported),
    ("registration", RegistrationNotSupported),
)
CHALLENGE_CHARACTERS = 43
"""SHA-256 in base64url (RFC 7636 § 4.2)."""


def nothing_unsupported(asking: Asking) -> None:
    """A request object that we would ignore could say something else than the parameters do."""
    for name, refusal in NOT_OFFERED:
        if asking.get(name) is not None:
            raise refusal


def response_type_code(asking: Asking) -> None:
    """The code flow alone: neither implicit nor hybrid (RFC 9700 § 2.1.2)."""
    given = asking.get("response_type")
    if given is None:
        raise InvalidRequest("Send response_type=code.")
    if given != "code":
        raise UnsupportedResponseType


def response_mode_query(asking: Asking) -> None:
    """The answer stands in the query."""
    if asking.get("response_mode") not in {None, "query"}:
        raise InvalidRequest("Leave response_mode out, or send response_mode=query.")


def pkce(asking: Asking) -> None:
    """RFC 7636 with S256; ``plain``, also as the unnamed default, is refused."""
    challenge, method = asking.get("code_challenge"), asking.get("code_challenge_method")
    if challenge is None:
        if method is not None:
            raise InvalidRequest("Send code_challenge with code_challenge_method.")
        if asking.client.pkce_required:
            raise InvalidRequest("Send code_challenge with code_challenge_method=S256.")
        return
    if method != "S256":
        raise InvalidRequest("Send code_challenge_method=S256; plain is not accepted.")
    asking.challenge = _digest(challenge)


def _digest(challenge: str) -> bytes:
    if len(challenge) == CHALLENGE_CHARACTERS and challenge.isascii():
        try:
            raw = urlsafe_b64decode(challenge + "=")
        except ValueError:
            raw = b""
        if urlsafe_b64encode(raw).rstrip(b"=").decode() == challenge:
            return raw
    raise InvalidRequest("Send code_challenge as the unpadded base64url of a SHA-256, 43 characters.")


def nonce_short(asking: Asking) -> None:
    """Bounded, for it travels inside the code."""
    nonce = asking.get("nonce") or ""
    most = asking.engine.settings.nonce_most
    if len(nonce.encode()) > most:
        raise InvalidRequest(f"Send a nonce of at most {most} bytes.")
    asking.nonce = nonce
