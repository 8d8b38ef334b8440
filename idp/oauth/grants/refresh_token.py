"""refresh_token (RFC 6749 § 6, RFC 9700 § 4.14): confidential clients keep theirs, public ones rotate.

A family without ``offline_access`` ends with the session. One with it outlives the session's natural end,
but never a logout, a new password, a withdrawn consent, a disabled person or client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from idp.oauth import consent, family
from idp.oauth.errors import InvalidGrant, InvalidRequest
from idp.oauth.events import FamilyEnded, event
from idp.oauth.exchange import Grant
from idp.oauth.family import Family, Move
from idp.oauth.gate import may_issue
from idp.oauth.grants import narrowing
from idp.oauth.login import Login
from idp.oauth.standing import Bid, Standing, standing
from idp.oauth.tokens.issue import Granted, answer, joined
from idp.oauth.tokens.sealed_refresh import SealedRefresh, open_refresh, seal_refresh
from ledger import append

if TYPE_CHECKING:
    from idp.oauth.exchange import Exchange
    from store import Tx

__all__ = ["GRANT"]

NARROWS = ("scope", "resource", "authorization_details")

_login = msgspec.msgpack.Decoder(Login).decode
_resources = msgspec.json.Decoder(tuple[str, ...]).decode
_details = msgspec.json.Decoder(list[msgspec.Raw]).decode


class _Typed(msgspec.Struct):
    type: str


_type = msgspec.json.Decoder(_Typed).decode


class _Chosen(msgspec.Struct, frozen=True):
    scopes: str
    audience: str
    details: str


class _Opened(msgspec.Struct, frozen=True):
    text: str
    refresh: SealedRefresh
    chosen: _Chosen | None
    """What the request narrows, found good before the token is used; None where it narrows nothing."""


class _Issued(msgspec.Struct, frozen=True):
    family: Family
    standing: Standing
    wanted: str


class _Refused(msgspec.Struct, frozen=True):
    """Committed with what it changed."""

    why: str


def _open(ask: Exchange) -> _Opened:
    text = ask.form.get("refresh_token")
    if text is None:
        raise InvalidRequest("Send refresh_token.")
    refresh = open_refresh(ask.engine.keys, ask.client.client_id, text)
    if refresh.ends <= ask.now:
        raise InvalidGrant(detail="family at its absolute end")
    if refresh.sender and refresh.sender != ask.sender:
        raise InvalidGrant("Prove the key that the refresh token is bound to.")
    return _Opened(
        text, refresh, _chosen(ask, refresh) if any(name in ask.form for name in NARROWS) else None
    )


def _chosen(ask: Exchange, refresh: SealedRefresh) -> _Chosen:
    """What a family was granted never changes, so it may be read before the work."""
    grantee = refresh.grantee(ask.client.client_id)
    found = ask.engine.durable.read(lambda tx: family.find(tx, grantee, refresh.family))
    if found is None:
        raise InvalidGrant(detail="family over")
    return _still(ask, found)


def _still(ask: Exchange, found: Family) -> _Chosen:
    """What is asked of a family, and the client may have still: an operator may have taken something back."""
    client = ask.client
    bodies = [bytes(body).decode() for body in _details(found.details or "[]")]
    details = [body for body in bodies if _type(body).type in client.detail_types]
    left = tuple(each for each in _resources(found.resources) if each in client.audiences)
    return _Chosen(
        scopes=narrowing.scopes(
            ask, " ".join(each for each in found.scopes.split() if each in client.scopes)
        ),
        audience=narrowing.audience(ask, left),
        details=narrowing.details(ask, details) if narrowing.wants_details(ask) else joined(details),
    )


def _redeem(ask: Exchange) -> _Issued | _Refused:
    engine, client, now = ask.engine, ask.client, ask.now
    refresh: SealedRefresh = ask.opened.refresh
    idle_ends = now + engine.settings.refresh_idle_seconds
    event_id, grantee = engine.event_id(now), refresh.grantee(client.client_id)

    def work(tx: Tx) -> _Issued | _Refused:
        ask.spend_proof(tx)
        if client.public:
            how = family.move(
                tx,
                grantee,
                refresh.family,
                refresh.generation,
                now,
                idle_ends=idle_ends,
                retry_seconds=engine.settings.retry_seconds,
            )
        else:
            how = family.use(tx, grantee, refresh.family, now, idle_ends)
        found = family.find(tx, grantee, refresh.family)
        if found is None or how is Move.OVER:
            return _Refused("family over")
        if how is Move.REPLAYED:
            body = FamilyEnded("replay", found.acting_for.hex())
            append(tx, event(event_id, body, at=now, grantee=grantee, subject=found.id))
            return _Refused("replayed")
        bid = _bid(ask, found)
        stands = standing(tx, bid, now)
        reason = may_issue(bid, stands, now)
        if reason is not None:
            return _Refused(reason)
        wanted = consent.body(tx, found.grantee, found.claims) if found.claims else None
        return _Issued(found, stands, wanted or "")

    return engine.durable.write(work)


def _bid(ask: Exchange, found: Family) -> Bid:
    return Bid(
        grantee=found.grantee,
        session=found.session,
        family=found.id,
        kept=True,
        offline=found.offline,
        scopes=frozenset(found.scopes.split()),
        at=ask.now,  # a withdrawn consent has ended the family itself
        office=_login(found.login).office,
        least_level=ask.client.least_level,
        least_strength=ask.client.least_strength,
        sender=found.sender,
        proven=ask.sender,
    )


def _answer(ask: Exchange) -> dict[str, Any]:
    outcome, engine = ask.outcome, ask.engine
    if isinstance(outcome, _Refused):
        raise InvalidGrant(detail=outcome.why)
    found: Family = outcome.family
    chosen = ask.opened.chosen or _still(ask, found)
    session = outcome.standing.session
    login = Login.of(session) if session is not None else _login(found.login)
    granted = Granted(
        client=ask.client,
        grantee=found.grantee,
        session=found.session,
        family=found.id,
        kept=True,
        offline=found.offline,
        login=msgspec.structs.replace(login, level=outcome.standing.level),
        scopes=chosen.scopes,
        audience=chosen.audience,
        details=chosen.details,
        sender=ask.sender,
        claims=found.claims,
        wanted=outcome.wanted,
    )
    answered = answer(engine, granted, ask.now)
    answered["refresh_token"] = ask.opened.text if not ask.client.public else _next(ask, found)
    return answered


def _next(ask: Exchange, found: Family) -> str:
    """The newest generation, whether it was made now or its reply was lost."""
    generation = ask.opened.refresh.generation + 1
    refresh = SealedRefresh(
        found.id, found.holder_key, found.acting_for, generation, found.ends, found.sender
    )
    return seal_refresh(ask.engine.keys, ask.client.client_id, refresh)


GRANT = Grant(_open, _redeem, _answer)
