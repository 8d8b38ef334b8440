"""A client's record changed and its event written in one work, unless somebody changed it meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.oauth.clients.registered import replace
from idp.oauth.events import client_event
from ledger import append

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client
    from idp.oauth.engine import Engine
    from store import Tx

__all__ = ["replaced"]


def replaced(engine: Engine, before: Client, client: Client, what: str, *, actor: str, now: int) -> bool:
    """Put ``client`` in the place of ``before``; this worker knows it at once; False: changed meanwhile.

    Raises:
        ClientFaulty: the record breaks a rule.
    """
    event_id = engine.event_id(now)

    def work(tx: Tx) -> bool:
        if not replace(tx, before, client, now):
            return False
        append(tx, client_event(event_id, what, before.client_id, at=now, actor=actor))
        return True

    changed = engine.durable.write(work)
    if changed:
        engine.clients.forget(before.client_id)
    return changed
