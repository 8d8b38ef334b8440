"""Access tokens checked, and remembered: the implementation of ``web.access.AccessTokens``.

Opening a seal or checking a signature and asking the gate costs a hundred microseconds, looking a known
token up two. What is remembered is forgotten by news of token, family, session, person, consent or client,
and is not used at all while the news are old.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import msgspec

from idp.oauth import consent, family
from idp.oauth.clients import registered as clients
from idp.oauth.errors import InvalidToken
from idp.oauth.gate import may_issue
from idp.oauth.proof.proving import check_sender
from idp.oauth.senders.sender import confirmation
from idp.oauth.standing import Standing, revoked, standing
from idp.oauth.tokens import access_token
from idp.oauth.tokens.access_token import Access, bid_of, open_access
from web.access import VerifiedAccess

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client
    from idp.oauth.engine import Engine
    from store import Feed
    from web.call import Call

__all__ = ["Known", "Tokens", "presented"]

REMEMBERED_MOST: Final = 5_000
"""Tokens since the last clearing, about 2 KiB each; then all is forgotten, which costs one check a token."""
LOOKED_AGAIN_SECONDS: Final = 5
"""Of a person's token: an office and a real-name level end by the clock too, and no news tell of that."""
SCHEMES: Final = frozenset({"bearer", "dpop"})
SESSION_NEWS: Final = "session"
PERSON_NEWS: Final = "person"


@dataclass(frozen=True, slots=True)
class Known:
    """A living token."""

    access: Access
    verified: VerifiedAccess
    jwt: bool
    until: int
    """Remembered at most until then: its end, when the session may become idle, when to look again."""


class Tokens:
    """Knows access tokens by their text."""

    def __init__(self, engine: Engine, feed: Feed) -> None:
        self._engine = engine
        self._feed = feed
        self._known: dict[str, Known] = {}
        self._by: dict[bytes, set[str]] = {}
        self._news = 0
        self._remembered = 0
        kinds = (clients.NEWS, consent.NEWS, family.NEWS, family.TOKEN_NEWS, SESSION_NEWS, PERSON_NEWS)
        for kind in kinds:
            feed.subscribe(kind, self._forget)

    def verify(self, call: Call, audience: str) -> VerifiedAccess:
        """See ``web.access.AccessTokens``.

        Raises:
            InvalidToken: none, not ours, over, revoked, for another audience, or sent by another than it is
                bound to.

        """
        scheme, text = presented(call)
        known = self.look(text, call.now)
        if known is None or known.access.audience != self._engine.audience(audience):
            raise InvalidToken
        check_sender(self._engine, call, known.access.sender, scheme, text)
        return known.verified

    def look(self, text: str, now: int) -> Known | None:
        """The token, where it is living; None for anything else."""
        fresh = self._feed.fresh()
        if fresh:
            known = self._known.get(text)
            if known is not None and known.until > now:
                return known
        seen = self._news
        found = self._check(text, now)
        if found is not None and fresh and seen == self._news:
            self._remember(text, found)
        return found

    def _check(self, text: str, now: int) -> Known | None:
        access = open_access(self._engine.keys, text)
        jwt = access is None and text.count(".") == 2
        if jwt:
            access = access_token.open_jwt(self._engine.keys, self._engine.issuer, text)
        if access is None or access.ends <= now:
            return None
        client = self._engine.clients.enabled(access.client)
        if client is None or any(self._engine.clients.enabled(each) is None for each in access.actors):
            return None
        if not access.holder_key:
            gone = self._engine.durable.read(lambda tx: revoked(tx, access.jti))
            return None if gone else Known(access, self._verified(access, client, None), jwt, access.ends)
        bid = bid_of(access)
        found = self._engine.durable.read(lambda tx: standing(tx, bid, now))
        if may_issue(bid, found, now) is not None:
            return None
        until = min(access.ends, now + LOOKED_AGAIN_SECONDS)
        if found.session is not None and not access.offline:
            until = min(until, found.session.idle_ends, found.session.ends)
        return Known(access, self._verified(access, client, found), jwt, until)

    def _verified(self, access: Access, client: Client, found: Standing | None) -> VerifiedAccess:
        if not access.actors:
            return _verified(access, client, found)
        # what a hall may by itself goes with none of its users' tokens to another hall
        whole = _verified(access, client, found)
        names = [self._engine.clients.get(each) for each in access.actors]
        through = "、".join(each.name_zh for each in names if each)
        return replace(
            whole,
            actors=access.actors,
            client_name=f"{whole.client_name}（经{through}）",
            agency_uscc=None,
            verifier="none",
        )

    def _remember(self, text: str, known: Known) -> None:
        self._remembered += 1
        if self._remembered > REMEMBERED_MOST:
            self._clear()
        access = known.access
        for subject in (
            access.jti,
            *access.through,
            access.client.encode(),
            *(each.encode() for each in access.actors),
            access.holder_key,
            access.acting_for,
            access.session,
            access.family,
        ):
            if subject:
                self._by.setdefault(subject, set()).add(text)
        self._known[text] = known

    def _forget(self, subject: bytes | None) -> None:
        self._news += 1
        if subject is None:
            self._clear()
            return
        for text in self._by.pop(subject, ()):
            self._known.pop(text, None)

    def _clear(self) -> None:
        self._known.clear()
        self._by.clear()
        self._remembered = 0


def _verified(access: Access, client: Client, found: Standing | None) -> VerifiedAccess:
    details: tuple[dict[str, Any], ...] = ()
    if access.details:
        details = tuple(msgspec.json.decode(access.details, type=list[dict[str, Any]]))
    return VerifiedAccess(
        client=client.client_id,
        client_name=client.name_zh,
        audience=access.audience,
        scopes=frozenset(access.scope.split()),
        ends=access.ends,
        holder_key=access.holder_key or None,
        acting_for=access.acting_for or None,
        office=access.office,
        level=access.level if found is None else min(access.level, found.level),
        present_level=0 if found is None else found.level,
        strength=access.strength,
        auth_time=access.auth_time,
        authorization_details=details,
        session=access.session or None,
        family=access.family or None,
        agency_uscc=client.agency_uscc,
        claims=access.claims,
        verifier=client.verifier,
        confirmation=confirmation(access.sender),
    )


def presented(call: Call) -> tuple[str, str]:
    """Scheme (lower case) and token of the Authorization header (RFC 6750 § 2.1, RFC 9449 § 7.1).

    Raises:
        InvalidToken: there is none.

    """
    scheme, _, token = (call.header("Authorization") or "").partition(" ")
    scheme = scheme.lower()
    if scheme not in SCHEMES or not token:
        raise InvalidToken("Send Authorization: Bearer with an access token.")
    return scheme, token.strip()
