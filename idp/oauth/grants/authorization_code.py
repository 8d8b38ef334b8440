"""authorization_code (RFC 6749 § 4.1.3, RFC 7636 § 4.6): spent once, and a second use undoes the first."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Final

import msgspec

from idp.oauth import consent, family
from idp.oauth.errors import InvalidGrant, InvalidRequest
from idp.oauth.events import FamilyEnded, FamilyMade, event
from idp.oauth.exchange import Grant
from idp.oauth.family import Family
from idp.oauth.gate import may_issue
from idp.oauth.grantee import Grantee
from idp.oauth.grants import narrowing
from idp.oauth.login import Login
from idp.oauth.scopes import OFFLINE, OPENID
from idp.oauth.sealed_code import CHALLENGE_BYTES, KIND, SealedCode, digest_of, open_code
from idp.oauth.senders.sender import ANYBODY, Sender, short
from idp.oauth.standing import Bid, standing
from idp.oauth.tokens import issue
from idp.oauth.tokens.issue import Granted, joined
from idp.oauth.tokens.sealed_refresh import SealedRefresh, seal_refresh
from idp.sessions import session_client
from ledger import append
from store import Marker, spend

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client
    from idp.oauth.exchange import Exchange
    from idp.sessions.session import Session
    from store import Tx

__all__ = ["GRANT", "Opened", "answer", "narrowed", "redeem", "resources_of"]

VERIFIER_LEAST: Final = 43
VERIFIER_MOST: Final = 128
_VERIFIER: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

_encode_login = msgspec.msgpack.Encoder().encode
_encode_json = msgspec.json.Encoder().encode


class Opened(msgspec.Struct, frozen=True):
    """What is about to be spent."""

    code: SealedCode
    resources: tuple[str, ...]
    audience: str
    narrowed: str | None
    """authorization_details asked for, a JSON array; None for all that was agreed to."""
    kind: str = KIND
    """What is spent: a value of one kind never passes for another."""
    owner: bytes = b""
    """Whose marker it is, where that is not the person."""


class _Terms(msgspec.Struct, frozen=True):
    """On which a family begins, seconds and what is made outside works."""

    client: str
    now: int
    longest: int
    idle: int
    event_id: bytes
    sender: Sender
    """Whose key its refresh tokens are bound to."""


class _Issued(msgspec.Struct, frozen=True):
    login: Login
    details: list[str]
    wanted: str
    family: Family | None


class _Refused(msgspec.Struct, frozen=True):
    """Committed with what it changed."""

    why: str


def _open(ask: Exchange) -> Opened:
    text = ask.form.get("code")
    if text is None:
        raise InvalidRequest("Send code.")
    code = open_code(ask.engine.keys, ask.client.client_id, text)
    if code.ends <= ask.now:
        raise InvalidGrant("Begin a new authorization; the code has expired.")
    redirect_uri = ask.form.get("redirect_uri")
    if redirect_uri is None or not hmac.compare_digest(digest_of(redirect_uri), code.redirect):
        raise InvalidGrant("Send the redirect_uri of the authorization request, character by character.")
    _proof_of_key(ask.form.get("code_verifier"), code.challenge)
    if code.sender and code.sender != short(ask.sender):
        raise InvalidGrant("Prove the key that the authorization request named, by dpop_jkt or a proof.")
    resources = resources_of(ask.client, code)
    return Opened(code, resources, narrowing.audience(ask, resources), narrowed(ask, code))


def resources_of(client: Client, code: SealedCode) -> tuple[str, ...]:
    """The resources that a code names by their places in the client's audiences.

    Raises:
        InvalidGrant: a place that the client has no more.

    """
    if any(place >= len(client.audiences) for place in code.resources):
        raise InvalidGrant(detail="the client's audiences have changed")
    return tuple(client.audiences[place] for place in code.resources)


def narrowed(ask: Exchange, code: SealedCode) -> str | None:
    """The authorization_details asked for, where the request narrows them, as a JSON array."""
    if not narrowing.wants_details(ask):
        return None
    grantee = Grantee(code.holder_key, code.acting_for, ask.client.client_id)
    bodies = ask.engine.durable.read(lambda tx: consent.bodies(tx, grantee))
    return narrowing.details(ask, [bodies[digest] for digest in code.details if digest in bodies])


def _proof_of_key(verifier: str | None, challenge: bytes) -> None:
    """A code without a challenge refuses a verifier, and the reverse (RFC 9700 § 2.1.1)."""
    if verifier is None and not challenge:
        return
    if verifier is None or not challenge:
        raise InvalidGrant("Send code_verifier exactly when the request had a code_challenge.")
    formed = VERIFIER_LEAST <= len(verifier) <= VERIFIER_MOST and _VERIFIER.issuperset(verifier)
    made = hashlib.sha256(verifier.encode()).digest()[:CHALLENGE_BYTES] if formed else b""
    if not hmac.compare_digest(made, challenge):
        raise InvalidGrant("Send the code_verifier that the code_challenge was made from.")


def redeem(ask: Exchange) -> _Issued | _Refused:
    """Spend it, ask the gate, begin the family: one work."""
    engine, opened, now = ask.engine, ask.opened, ask.now
    code: SealedCode = opened.code
    grantee = Grantee(code.holder_key, code.acting_for, ask.client.client_id)
    marker = Marker(
        owner=opened.owner or code.holder_key,
        kind=opened.kind,
        value=code.family,  # fixed in the code, so it names the code however its text is written
        ends=code.ends,
        by=ask.client.client_id.encode(),
        at=now,
        ref=code.family,
    )
    bid = Bid(
        grantee=grantee,
        session=code.session,
        family=code.family,
        kept=False,
        offline=False,
        scopes=frozenset(code.scope.split()),
        at=code.at,
        least_level=ask.client.least_level,
        least_strength=ask.client.least_strength,
        sender=code.sender,
        proven=short(ask.sender),
    )
    event_id = engine.event_id(now)
    over = code.ends + engine.settings.access_seconds
    terms = None
    if "refresh_token" in ask.client.grants:
        settings = engine.settings
        sender = ask.sender if ask.client.public else ANYBODY
        terms = _Terms(
            grantee.client, now, settings.refresh_seconds, settings.refresh_idle_seconds, event_id, sender
        )

    logs_in = ask.client.hears_of_logout and OPENID in bid.scopes
    beside = engine.durable.engine == "postgres"  # SQLite runs one work after another

    def work(tx: Tx) -> _Issued | _Refused:
        ask.spend_proof(tx)
        spending = spend(tx, marker)
        if not spending.won:
            if spending.first is None:
                return _Refused("expired")
            # whoever shows it again may be who stole it, or who it was stolen from: end what it gave
            if family.end(tx, grantee, code.family, over, now):
                body = FamilyEnded("replay", grantee.acting_for.hex())
                append(tx, event(event_id, body, at=now, grantee=grantee, subject=code.family))
            return _Refused("replayed")
        if beside:
            consent.hold(tx, grantee)
            if logs_in:
                session_client.hold(tx, code.session)
        found = standing(tx, bid, now)
        reason = may_issue(bid, found, now)
        if reason is not None or found.session is None:
            return _Refused(reason or "session_over")
        bodies = consent.bodies(tx, grantee) if code.details or code.claims else {}
        agreed = (*code.details, code.claims) if code.claims else code.details
        if any(digest not in bodies for digest in agreed):
            return _Refused("consent_missing")
        details = [bodies[digest] for digest in code.details]
        if logs_in:
            session_client.note(tx, found.session, grantee.client)
        login = Login.of(found.session)
        kept = _keep(tx, opened, terms, found.session, login, details) if terms else None
        return _Issued(login, details, bodies.get(code.claims, ""), kept)

    return engine.durable.write(work)


def _keep(
    tx: Tx, opened: Opened, terms: _Terms, session: Session, login: Login, details: list[str]
) -> Family:
    """Begin the family: from now on there is a refresh token."""
    code, now = opened.code, terms.now
    offline = OFFLINE in code.scope.split()
    ends = now + terms.longest if offline else min(now + terms.longest, session.ends)
    kept = Family(
        id=code.family,
        holder_key=code.holder_key,
        acting_for=code.acting_for,
        client=terms.client,
        session=code.session,
        offline=offline,
        scopes=code.scope,
        resources=_encode_json(opened.resources).decode(),
        details=joined(details),
        login=_encode_login(login),
        generation=1,
        moved_at=now,
        idle_ends=min(now + terms.idle, ends),
        ends=ends,
        live=True,
        sender=terms.sender,
        claims=code.claims,
    )
    family.insert(tx, kept)
    body = FamilyMade(code.scope.split(), offline, code.acting_for.hex())
    append(tx, event(terms.event_id, body, at=now, grantee=kept.grantee, subject=kept.id))
    return kept


def answer(ask: Exchange) -> dict[str, Any]:
    """Sign and seal what the work let through.

    Raises:
        InvalidGrant: it let nothing through.

    """
    outcome, opened, engine = ask.outcome, ask.opened, ask.engine
    if isinstance(outcome, _Refused):
        raise InvalidGrant(detail=outcome.why)
    code: SealedCode = opened.code
    kept: Family | None = outcome.family
    granted = Granted(
        client=ask.client,
        grantee=Grantee(code.holder_key, code.acting_for, ask.client.client_id),
        session=code.session,
        family=code.family,
        kept=kept is not None,
        offline=kept is not None and kept.offline,
        login=outcome.login,
        scopes=code.scope,
        audience=opened.audience,
        details=joined(outcome.details) if opened.narrowed is None else opened.narrowed,
        nonce=code.nonce,
        sender=ask.sender,
        claims=code.claims,
        wanted=outcome.wanted,
    )
    found = issue.answer(engine, granted, ask.now)
    if kept is not None:
        refresh = SealedRefresh(kept.id, kept.holder_key, kept.acting_for, 1, kept.ends, kept.sender)
        found["refresh_token"] = seal_refresh(engine.keys, ask.client.client_id, refresh)
    return found


GRANT = Grant(_open, redeem, answer)
