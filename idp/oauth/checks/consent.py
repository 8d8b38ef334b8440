"""Whether the holder agrees; first-party clients skip the page, never the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.oauth import consent
from idp.oauth.asking import Leave
from idp.oauth.begun import begin
from idp.oauth.errors import ConsentRequired
from web.reply import Reply

if TYPE_CHECKING:
    from idp.oauth.asking import Asking

__all__ = ["agreed", "ask"]


def agreed(asking: Asking) -> None:
    """All that is asked for stands agreed to, or the person is asked."""
    stands = asking.engine.durable.read(lambda tx: consent.agreed(tx, asking.grantee))
    if stands is not None and _covers(asking, stands):
        return
    if asking.client.trusted and "consent" not in asking.prompt:
        _record(asking)
        return
    if asking.silent:
        raise ConsentRequired
    raise Leave(ask(asking))


def ask(asking: Asking) -> Reply:
    """Lead this very session to the consent page."""
    return Reply.redirect("/consent?" + asking.own_query(begin(asking, asking.session.id)))


def _covers(asking: Asking, stands: consent.Agreed) -> bool:
    if not (frozenset(asking.scopes) <= stands.scopes and asking.details.keys() <= stands.details):
        return False
    return "consent" not in asking.prompt or (asking.begun is not None and stands.agreed_at >= asking.begun)


def _record(asking: Asking) -> None:
    engine = asking.engine
    event_id = engine.event_id(asking.now)
    engine.durable.write(
        lambda tx: consent.give(
            tx,
            asking.grantee,
            scopes=frozenset(asking.scopes),
            details=asking.details,
            first_party=True,
            now=asking.now,
            event_id=event_id,
        )
    )
