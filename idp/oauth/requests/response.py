"""How an answer of the authorization endpoint travels (OAuth 2.0 Form Post Response Mode, JARM § 2.3).

Success and error go the same way, always with ``iss`` (RFC 9207), and only ever to the redirect URI that was
found registered. In a JWT mode all of it stands in one JWT for this client.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from idp.oauth.origin import policy_origin
from keys import encrypt
from web.reply import Reply

if TYPE_CHECKING:
    from idp.oauth.requests.asking import Asking

__all__ = ["JWT_SECONDS", "MODES", "RING", "STATE_MOST", "Mode", "answered", "fits", "short"]

RING: Final = "authorization-response"
STATE_MOST: Final = 2048
"""Characters, percent-encoded; with the code and the address it stays below 4 KiB of header."""
UNNAMED_ENC: Final = "A128CBC-HS256"
"""What a registration that names only the algorithm means (JARM § 3)."""
JWT_SECONDS: Final = 300
"""A response in a JWT; JARM § 2.1 recommends at most ten minutes."""


def _redirect(_asking: Asking, uri: str, answer: dict[str, str]) -> Reply:
    return Reply.redirect(f"{uri}{'&' if '?' in uri else '?'}{urlencode(answer)}")


def _form(asking: Asking, uri: str, answer: dict[str, str]) -> Reply:
    if asking.pages is None:
        raise RuntimeError("a form for nobody")
    origin = policy_origin(uri)
    return asking.pages.page(
        asking.call, "idp/form_post.html", posts_to=origin or "", uri=uri, answer=answer, hall=_names(asking)
    )


def _names(asking: Asking) -> tuple[str, str]:
    return asking.client.name_zh, asking.client.name_en


@dataclass(frozen=True, slots=True)
class Mode:
    """One value of ``response_mode``."""

    send: Callable[[Asking, str, dict[str, str]], Reply]
    jwt: bool = False
    form: bool = False
    """Needs an address that a form can be posted to."""


MODES: Final[dict[str, Mode]] = {
    "query": Mode(_redirect),
    "form_post": Mode(_form, form=True),
    "query.jwt": Mode(_redirect, jwt=True),
    "form_post.jwt": Mode(_form, jwt=True, form=True),
    "jwt": Mode(_redirect, jwt=True),  # JARM § 2.3.4: of response_type=code the query
}
"""Every mode there is; fragments are for browsers' scripts, which the code flow needs none of."""


def fits(mode: Mode, uri: str) -> bool:
    """Whether answers of this mode can go there; a form where our policy can name the origin."""
    return not mode.form or policy_origin(uri) is not None


def short(state: str) -> bool:
    """Whether a state fits into an address, beside the rest, that proxies let through."""
    return len(state) <= STATE_MOST and len(quote(state)) <= STATE_MOST


def answered(asking: Asking, answer: dict[str, str]) -> Reply:
    """Send the browser back to the client."""
    uri = asking.redirect_uri
    if uri is None:
        raise RuntimeError("answered before redirect_uri was trusted")
    states = asking.parameters.all("state")
    state = {"state": states[0]} if len(states) == 1 and states[0] and short(states[0]) else {}
    whole = answer | state | {"iss": asking.engine.issuer}
    mode = MODES[asking.mode]
    return mode.send(asking, uri, {"response": _jwt(asking, whole)} if mode.jwt else whole)


def _jwt(asking: Asking, answer: dict[str, str]) -> str:
    client = asking.client
    engine = asking.engine
    claims = answer | {"aud": client.client_id, "exp": asking.now + JWT_SECONDS}
    signed = engine.keys.sign_jwt(RING, claims, algorithm=client.authorization_signed_alg)
    if not client.authorization_encrypted_alg:
        return signed
    keys = engine.client_keys.of(client, asking.now).document
    enc = client.authorization_encrypted_enc or UNNAMED_ENC
    return encrypt(signed, keys, client.authorization_encrypted_alg, enc)
