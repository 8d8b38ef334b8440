"""Who is logged in, and whether as asked: prompt, max_age, id_token_hint, acr_values, least level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from idp.oauth.errors import InvalidRequest, LoginRequired, UnmetAuthenticationRequirements
from idp.oauth.requests import login_hint
from idp.oauth.requests.asking import Leave
from idp.oauth.requests.begun import begin
from idp.oauth.subject import subject_of
from idp.oauth.tokens.hints import subject_in
from idp.sessions.session import ACRS
from web.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idp.oauth.requests.asking import Asking
    from idp.sessions.session import Session

__all__ = [
    "PROMPTS",
    "hint_ours",
    "least_reached",
    "logged_in",
    "max_age_whole",
    "prompt_known",
    "strength_wanted",
]

PROMPTS: Final = frozenset({"none", "login", "consent", "select_account"})
AGAIN: Final = frozenset({"login", "select_account"})
MAX_AGE_DIGITS = 9


def prompt_known(asking: Asking) -> None:
    """OIDC Core § 3.1.2.1: ``none`` stands alone."""
    asking.prompt = frozenset((asking.get("prompt") or "").split())
    if asking.prompt - PROMPTS:
        raise InvalidRequest("Send a prompt that the metadata lists.")
    if asking.silent and len(asking.prompt) > 1:
        raise InvalidRequest("Send prompt=none alone.")


def max_age_whole(asking: Asking) -> None:
    """Seconds; what the request does not say the registration may (OIDC Registration § 2)."""
    text = asking.get("max_age")
    if text is None:
        asking.max_age = asking.client.default_max_age
    elif text.isascii() and text.isdigit() and len(text) <= MAX_AGE_DIGITS:
        asking.max_age = int(text)
    else:
        raise InvalidRequest("Send max_age as a whole number of seconds.")


def hint_ours(asking: Asking) -> None:
    """An ID token that we gave this client; it may have expired (OIDC Core § 3.1.2.1)."""
    hint = asking.get("id_token_hint")
    if hint is not None:
        asking.hinted = subject_in(asking.engine, hint, asking.client.client_id)
        if asking.hinted is None:
            raise InvalidRequest("Send an id_token_hint that this provider issued to this client.")


def logged_in(asking: Asking) -> None:
    """Somebody is logged in, as freshly and by such means as asked, or is sent to log in.

    acr_values is voluntary: any listed one suffices, unknown ones are ignored, and who cannot reach one after
    having tried goes on with what there is.
    """
    max_age = asking.max_age
    session = asking.engine.sign_on.current(asking.call)
    if session is None:
        raise _login(asking)
    proven = asking.begun is not None and session.auth_time >= asking.begun
    if not proven:
        old = max_age is not None and asking.now - session.auth_time > max_age
        if old or asking.prompt & AGAIN:
            raise _login(asking)
        wanted = strength_wanted(asking, session)
        if wanted and not asking.silent:
            raise _login(asking, strength=wanted)
    if not _as_hinted(asking, session):
        raise (
            LoginRequired("Another person is logged in than id_token_hint or claims names.")
            if proven
            else _login(asking)
        )
    asking.session = session


def strength_wanted(asking: Asking, session: Session) -> int:
    """The least login strength that would satisfy the request, or 0 where nothing is lacking or helps."""
    least = asking.client.least_strength if session.strength < asking.client.least_strength else 0
    return max(least, _lacking(session, _acr_values(asking)), _lacking(session, asking.asked.acrs))


def _lacking(session: Session, acrs: Sequence[str]) -> int:
    listed = [ACRS[value] for value in acrs if value in ACRS]
    if not listed or any(session.level >= level and session.strength >= by for level, by in listed):
        return 0
    return min((by for level, by in listed if session.level >= level), default=0)


def _acr_values(asking: Asking) -> Sequence[str]:
    text = asking.get("acr_values")
    return asking.client.default_acr_values if text is None else text.split()


def _as_hinted(asking: Asking, session: Session) -> bool:
    """The person whom an ID token of ours names, or ``claims`` with a value of ``sub``; else everybody."""
    hinted, named = asking.hinted, asking.asked.subjects
    if hinted is None and named is None:
        return True
    subject = subject_of(asking.engine.keys, asking.client, session.subject)
    return hinted in (None, subject) and (named is None or subject in named)


def _login(asking: Asking, strength: int = 0) -> Leave | LoginRequired:
    if asking.silent:
        return LoginRequired()
    query = {"return_to": "/authorize?" + asking.own_query(begin(asking))}
    hint = login_hint.seal(asking.engine.keys, asking.get(login_hint.NAME) or "", asking.now)
    if hint:
        query["hint"] = hint
    if strength:
        query["strength"] = str(strength)
    return Leave(Reply.redirect("/login?" + urlencode(query)))


def least_reached(asking: Asking) -> None:
    """What the operator demands of everybody who enters this hall."""
    session, client = asking.session, asking.client
    if session.level < client.least_level or session.strength < client.least_strength:
        raise UnmetAuthenticationRequirements
