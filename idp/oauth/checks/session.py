"""Who is logged in, and whether as asked: prompt, max_age, id_token_hint, acr_values, least level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from idp.oauth.asking import Leave
from idp.oauth.begun import begin
from idp.oauth.errors import InvalidRequest, LoginRequired, UnmetAuthenticationRequirements
from idp.oauth.hints import subject_in
from idp.oauth.subject import subject_of
from web.reply import Reply

if TYPE_CHECKING:
    from idp.oauth.asking import Asking
    from idp.sessions.session import Session

__all__ = ["ACRS", "least_reached", "logged_in", "prompt_known"]

PROMPTS: Final = frozenset({"none", "login", "consent", "select_account"})
AGAIN: Final = frozenset({"login", "select_account"})
MAX_AGE_DIGITS = 9

ACRS: Final = {
    f"urn:manyou:acr:r{level}-a{strength}": (level, strength) for level in range(4) for strength in (1, 2, 3)
}
"""Every acr there is → (real-name level, login strength)."""


def prompt_known(asking: Asking) -> None:
    """OIDC Core § 3.1.2.1: ``none`` stands alone."""
    asking.prompt = frozenset((asking.get("prompt") or "").split())
    if asking.prompt - PROMPTS:
        raise InvalidRequest("Send a prompt that the metadata lists.")
    if asking.silent and len(asking.prompt) > 1:
        raise InvalidRequest("Send prompt=none alone.")


def logged_in(asking: Asking) -> None:
    """Somebody is logged in, as freshly and by such means as asked, or is sent to log in.

    acr_values is voluntary: any listed one suffices, unknown ones are ignored, and who cannot reach one after
    having tried goes on with what there is.
    """
    max_age = _max_age(asking)
    session = asking.engine.sign_on.current(asking.call)
    if session is None:
        raise _login(asking)
    proven = asking.begun is not None and session.auth_time >= asking.begun
    if not proven:
        old = max_age is not None and asking.now - session.auth_time > max_age
        if old or asking.prompt & AGAIN:
            raise _login(asking)
        wanted = _strength_wanted(asking, session)
        if wanted and not asking.silent:
            raise _login(asking, strength=wanted)
    if not _as_hinted(asking, session):
        raise (
            LoginRequired("Another person is logged in than id_token_hint names.")
            if proven
            else _login(asking)
        )
    asking.session = session


def _max_age(asking: Asking) -> int | None:
    text = asking.get("max_age")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_AGE_DIGITS):
        raise InvalidRequest("Send max_age as a whole number of seconds.")
    return int(text)


def _strength_wanted(asking: Asking, session: Session) -> int:
    """The least login strength that would satisfy the request, or 0 where nothing is lacking or helps."""
    least = asking.client.least_strength if session.strength < asking.client.least_strength else 0
    listed = [ACRS[value] for value in (asking.get("acr_values") or "").split() if value in ACRS]
    if not listed or any(session.level >= level and session.strength >= by for level, by in listed):
        return least
    return max(least, min((by for level, by in listed if session.level >= level), default=0))


def _as_hinted(asking: Asking, session: Session) -> bool:
    """The person whom an ID token of ours names (OIDC Core § 3.1.2.1); no hint, everybody."""
    hint = asking.get("id_token_hint")
    if hint is None:
        return True
    subject = subject_in(asking.engine, hint, asking.client.client_id)
    if subject is None:
        raise InvalidRequest("Send an id_token_hint that this provider issued to this client.")
    return subject == subject_of(asking.engine.keys, asking.client, session.subject)


def _login(asking: Asking, strength: int = 0) -> Leave | LoginRequired:
    if asking.silent:
        return LoginRequired()
    query = {"return_to": "/authorize?" + asking.own_query(begin(asking))}
    if strength:
        query["strength"] = str(strength)
    return Leave(Reply.redirect("/login?" + urlencode(query)))


def least_reached(asking: Asking) -> None:
    """What the operator demands of everybody who enters this hall."""
    session, client = asking.session, asking.client
    if session.level < client.least_level or session.strength < client.least_strength:
        raise UnmetAuthenticationRequirements
