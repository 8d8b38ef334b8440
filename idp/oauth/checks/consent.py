"""Whether the holder agrees; first-party clients skip the page, never the record."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from idp.oauth import consent
from idp.oauth.claims.claims_request import asked_for, canonical
from idp.oauth.errors import ConsentRequired
from idp.oauth.requests.asking import Leave
from idp.oauth.requests.begun import begin
from web.reply import Reply

if TYPE_CHECKING:
    from idp.oauth.claims.claims_request import Wanted
    from idp.oauth.requests.asking import Asking

__all__ = ["agreed", "ask", "asked_here", "record"]

DETAILS_BYTES: Final = 16


def agreed(asking: Asking) -> None:
    """All that is asked for stands agreed to, or the person is asked."""
    grantee, details = asking.grantee, bool(asking.details or asking.claims)
    stands = asking.engine.durable.read(lambda tx: consent.agreed(tx, grantee, details=details))
    if stands is not None and _covers(asking, stands):
        return
    if "consent" not in asking.prompt and (asking.client.trusted or _nothing_new(asking, stands)):
        record(asking, asking.asked.wanted, first_party=asking.client.trusted)
        return
    if asking.silent:
        raise ConsentRequired
    raise Leave(ask(asking))


def ask(asking: Asking) -> Reply:
    """Lead this very session to the consent page."""
    return Reply.redirect("/consent?" + asking.own_query(begin(asking, _shown(asking))))


def asked_here(asking: Asking) -> bool:
    """Whether this session was led to the page with this request, and the page still says the same.

    What details mean may have changed since: their texts, which types make of a request, go by the catalogue
    of the moment. Then the page is shown again, and the old one's button agrees to nothing.
    """
    return asking.led == _shown(asking)


def _shown(asking: Asking) -> bytes:
    details = hashlib.sha256(b"".join(sorted(asking.details))).digest()
    return asking.session.id + details[:DETAILS_BYTES]


def _covers(asking: Asking, stands: consent.Agreed) -> bool:
    if not _agreed(asking, stands) or (asking.claims and asking.claims not in stands.details):
        return False
    return "consent" not in asking.prompt or (asking.begun is not None and stands.agreed_at >= asking.begun)


def _agreed(asking: Asking, stands: consent.Agreed) -> bool:
    return frozenset(asking.scopes) <= stands.scopes and asking.details.keys() <= stands.details


def _nothing_new(asking: Asking, stands: consent.Agreed | None) -> bool:
    """Only the place of claims is asked for that scopes agreed to open anyway."""
    return (
        stands is not None and _agreed(asking, stands) and not asked_for(asking.asked.wanted, asking.scopes)
    )


def record(asking: Asking, wanted: Wanted, *, first_party: bool) -> None:
    """Write down that all this was agreed to; of the claims, what the holder allowed."""
    engine, details = asking.engine, dict(asking.details)
    if asking.claims:
        details[asking.claims] = canonical(wanted)[1]
    event_id = engine.event_id(asking.now)
    engine.durable.write(
        lambda tx: consent.give(
            tx,
            asking.grantee,
            scopes=frozenset(asking.scopes),
            details=details,
            first_party=first_party,
            now=asking.now,
            event_id=event_id,
            claims=asked_for(wanted, asking.scopes),
        )
    )
