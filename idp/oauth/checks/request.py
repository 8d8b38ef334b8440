"""The form of the request: response type and mode, what is not offered, PKCE, nonce."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Final

from idp.oauth.checks.profile import pkce_demanded
from idp.oauth.errors import (
    InvalidRequest,
    OAuthError,
    RegistrationNotSupported,
    UnsupportedResponseType,
)
from idp.oauth.requests.response import MODES, STATE_MOST, fits, short

if TYPE_CHECKING:
    from idp.oauth.requests.asking import Asking

__all__ = [
    "nonce_short",
    "nothing_unsupported",
    "pkce",
    "response_mode_known",
    "response_type_code",
    "state_short",
]

NOT_OFFERED: Final[tuple[tuple[str, type[OAuthError]], ...]] = (("registration", RegistrationNotSupported),)
CHALLENGE_CHARACTERS = 43
"""SHA-256 in base64url (RFC 7636 § 4.2)."""


def nothing_unsupported(asking: Asking) -> None:
    """What we would ignore could say something else than the parameters do."""
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


def response_mode_known(asking: Asking) -> None:
    """A mode that is on; from here on refusals travel in it too."""
    if "response_mode" in asking.parameters.repeated:
        return  # refused by the next check
    name = asking.get("response_mode") or "query"
    mode = MODES.get(name)
    if mode is None:
        raise InvalidRequest("Send a response_mode that the metadata lists.")
    if not fits(mode, asking.redirect_uri or ""):
        raise InvalidRequest("Send a response_mode without a form; redirect_uri takes none.")
    asking.mode = name


def pkce(asking: Asking) -> None:
    """RFC 7636 with S256; ``plain``, also as the unnamed default, is refused."""
    challenge, method = asking.get("code_challenge"), asking.get("code_challenge_method")
    if challenge is None:
        if method is not None:
            raise InvalidRequest("Send code_challenge with code_challenge_method.")
        if pkce_demanded(asking):
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


def state_short(asking: Asking) -> None:
    """Bounded, for it travels back in an address, and proxies bound those."""
    if not short(asking.get("state") or ""):
        raise InvalidRequest(f"Send a state of at most {STATE_MOST} characters, percent-encoded.")


def nonce_short(asking: Asking) -> None:
    """Bounded, for it travels inside the code."""
    nonce = asking.get("nonce") or ""
    most = asking.engine.settings.nonce_most
    if len(nonce.encode()) > most:
        raise InvalidRequest(f"Send a nonce of at most {most} bytes.")
    asking.nonce = nonce
