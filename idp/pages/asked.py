"""A request that waits for a person, in the person's words: by whom, from where, for what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from idp.pages.account import shown_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idp.oauth.clients.client import Client
    from idp.oauth.engine import Engine
    from idp.oauth.waiting.waiting import Waiting
    from idp.sessions.session import Session
    from web.access import Sentence

__all__ = ["Shown", "reached", "shown"]

_decode = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page says of a request."""

    client: Client
    hall: tuple[str, str]
    at: str
    ends: str
    address: str
    device: str
    message: str
    scopes: tuple[str, ...]
    """Catalogue keys."""
    sentences: tuple[Sequence[Sentence], ...]

    def organisation(self, engine: Engine, session: Session) -> str | None:
        """The name of whom the person acts for."""
        found = engine.facts.organisation(session.acting_for) if session.acting_for else None
        return found.name if found else None


def shown(engine: Engine, waiting: Waiting) -> Shown | None:
    """The request for its page; None where its client is no longer enabled."""
    client = engine.clients.enabled(waiting.client)
    if client is None:
        return None
    details = [_decode(body) for body in waiting.details]
    return Shown(
        client=client,
        hall=(client.name_zh, client.name_en),
        at=shown_time(waiting.at),
        ends=shown_time(waiting.ends),
        address=waiting.origin.address,
        device=waiting.origin.device,
        message=waiting.message,
        scopes=tuple(f"consent.scope_{name}" for name in waiting.scopes),
        sentences=tuple(engine.details[each["type"]].sentences(each, client.client_id) for each in details),
    )


def reached(waiting: Waiting, client: Client, session: Session) -> bool:
    """Whether this session is as sure as the client's policy, and the request, ask."""
    level, strength = session.level, session.strength
    if level < client.least_level or strength < client.least_strength:
        return False
    return not waiting.acrs or any(level >= least and strength >= by for least, by in waiting.acrs)
