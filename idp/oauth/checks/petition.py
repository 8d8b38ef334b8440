"""What a back-channel request must say (CIBA § 7.1): whom it means, what they are shown, until when."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from idp.oauth.clients.grant_types import CIBA
from idp.oauth.errors import (
    InvalidBindingMessage,
    InvalidRequest,
    InvalidScope,
    UnauthorizedClient,
)
from idp.oauth.scopes import OPENID
from idp.oauth.tokens.hints import holder_in
from idp.oauth.waiting.signed_petition import signed_petition
from idp.people.naming import Naming
from idp.sessions.session import ACRS

if TYPE_CHECKING:
    from idp.oauth.engine import Engine
    from idp.oauth.waiting.petition import Petition

__all__ = [
    "acr_listed",
    "expiry",
    "grant_allowed",
    "login_asked",
    "message_plain",
    "notification",
    "object_opened",
    "one_hint",
]

BESIDE: Final = frozenset(
    {"request", "client_id", "client_secret", "client_assertion", "client_assertion_type"}
)
"""What says who is asking, as at every endpoint."""
HINTS: Final = ("login_hint", "login_hint_token", "id_token_hint")
MESSAGE_MOST: Final = 64
"""Characters: what a person compares with a slip or a screen."""
MARKS_MOST: Final = 2
"""Combining marks on one letter; more of them paint over the lines around."""
PLAIN: Final = frozenset("LMNPSZ")
"""Letters, marks, numbers, punctuation, symbols, spaces: by the first letter of the Unicode category."""
NOT_PLAIN: Final = frozenset({"Zl", "Zp"})
TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]{1,1024}=*")
"""CIBA § 7.1: at most 1024 characters, in the form that RFC 6750 § 2.1 gives a bearer token."""
EXPIRY_DIGITS: Final = 6


def grant_allowed(asking: Petition) -> None:
    """The client is registered for it."""
    if CIBA not in asking.client.grants:
        raise UnauthorizedClient


def object_opened(asking: Petition) -> None:
    """From here on only what the client signed counts, and nothing may stand beside it (CIBA § 7.1.1)."""
    client, text = asking.client, asking.came.get("request")
    if text is None:
        if client.ciba_request_alg or client.fapi:
            raise InvalidRequest("Send the request as a signed request object in the parameter request.")
        return
    if any(name not in BESIDE for name in asking.came):
        raise InvalidRequest("Send every parameter inside the request object, and none beside it.")
    asking.parameters = signed_petition(asking.engine, client, text, asking.now)
    asking.signed = True


def login_asked(asking: Petition) -> None:
    """CIBA § 7.1: scope holds openid."""
    if OPENID not in asking.scopes:
        raise InvalidScope("Send scope with openid in it.")


def one_hint(asking: Petition) -> None:
    """Exactly one hint, and whom it means; whether there is such a person no answer tells."""
    given = [name for name in HINTS if asking.get(name) is not None]
    if len(given) != 1:
        raise InvalidRequest("Send exactly one of login_hint and id_token_hint.")
    hint = asking.get(given[0]) or ""
    if given[0] == "login_hint_token":
        raise InvalidRequest("Send login_hint or id_token_hint; login_hint_token is not read here.")
    if given[0] == "login_hint":
        asking.subject = _named(asking.engine, hint, asking.now)
        return
    holder = holder_in(asking.engine, hint, asking.client.client_id)
    if holder is None:
        raise InvalidRequest("Send an id_token_hint that this provider issued to this client.")
    asking.subject = holder


def _named(engine: Engine, typed: str, now: int) -> bytes:
    """The holder of a number, or its stand-in; every spelling is looked up, found or not."""
    named = Naming(engine.facts.register, engine.keys).of(typed)
    holders = engine.durable.read(lambda tx: named.holders(tx, now))
    return next((each for each in holders if each is not None), named.stand_in)


def message_plain(asking: Petition) -> None:
    """A binding message is one short line that shows as what it is (CIBA § 7.1, FAPI-CIBA § 5.2.2)."""
    text = asking.get("binding_message")
    if text is None:
        return
    text = unicodedata.normalize("NFC", text)
    kinds = [unicodedata.category(each) for each in text]
    plain = all(kind[0] in PLAIN and kind not in NOT_PLAIN for kind in kinds)
    if not plain or len(text) > MESSAGE_MOST or not text.strip() or _piled(kinds):
        raise InvalidBindingMessage
    asking.message = text


def _piled(kinds: list[str]) -> bool:
    in_a_row = 0
    for kind in kinds:
        in_a_row = in_a_row + 1 if kind[0] == "M" else 0
        if in_a_row > MARKS_MOST:
            return True
    return False


def expiry(asking: Petition) -> None:
    """requested_expiry, a whole number of seconds, shortens or lengthens within our bound."""
    settings = asking.engine.settings
    text = asking.get("requested_expiry")
    if text is None:
        asking.seconds = settings.ciba_seconds
        return
    if not (text.isascii() and text.isdigit() and len(text) <= EXPIRY_DIGITS and int(text)):
        raise InvalidRequest("Send requested_expiry as a positive whole number of seconds.")
    asking.seconds = min(int(text), settings.ciba_seconds_most)


def acr_listed(asking: Petition) -> None:
    """Any of the acr_values that exist here suffices; others are ignored."""
    listed = (asking.get("acr_values") or "").split()
    asking.acrs = tuple(dict.fromkeys(ACRS[each] for each in listed if each in ACRS))


def notification(asking: Petition) -> None:
    """Who is to be told sends a token to be told with (CIBA § 7.1)."""
    if asking.client.ciba_delivery != "ping":
        return
    token = asking.get("client_notification_token")
    if token is None or not TOKEN.fullmatch(token) or len(token) > 1024:
        raise InvalidRequest("Send client_notification_token, a bearer token of at most 1024 characters.")
    asking.notify = token
