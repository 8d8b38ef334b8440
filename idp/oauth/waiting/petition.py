"""A back-channel request while the checks go over it (CIBA § 7.1), and the places where it may wait.

A person has ``PLACES`` places, whoever they are: a number that nobody has is given places as well, so that an
answer never tells whether somebody is known. One client holds ``OWN_MOST`` of them, or a single hall could
push away what others ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from idp.oauth.requests.asking import Asking
from idp.oauth.waiting.waiting import CIBA, Found, find
from manyou.errors import TooMany

if TYPE_CHECKING:
    from idp.oauth.engine import Engine

__all__ = ["PLACES", "Petition", "free_place", "waiting_for"]

PLACES: Final = 12
OWN_MOST: Final = 3


@dataclass(slots=True)
class Petition(Asking):
    """What a field says holds only after its check."""

    subject: bytes = b""
    """16 bytes: the holder meant, or what stands in for a number that nobody has."""
    message: str = ""
    seconds: int = 0
    acrs: tuple[tuple[int, int], ...] = ()
    notify: str = ""


def _places(engine: Engine, subject: bytes) -> list[str]:
    name = engine.keys.mac("petitions", subject)[:16].hex()
    return [f"{name}:{number:02}" for number in range(PLACES)]


def waiting_for(engine: Engine, subject: bytes, now: int) -> list[Found]:
    """What waits for a holder's decision, the oldest first."""
    found = [find(engine, CIBA, place) for place in _places(engine, subject)]
    living = [each for each in found if each is not None and _undecided(each, now)]
    return sorted((each for each in living if each.waiting.subject == subject), key=_since)


def _undecided(found: Found, now: int) -> bool:
    return found.waiting.ends > now and not found.waiting.decided


def _since(found: Found) -> bytes:
    """What sorts requests by when they were made, to the millisecond."""
    return found.waiting.family


def free_place(engine: Engine, subject: bytes, client_id: str, now: int) -> str:
    """Where a client's next request to a holder waits: a free place, or that of an old one of its own.

    Raises:
        TooMany: others ask this holder for so much that there is no place.

    """
    places = _places(engine, subject)
    found = [find(engine, CIBA, place) for place in places]
    living = [each for each in found if each is not None and each.waiting.ends > now]
    mine = [each for each in living if each.waiting.client == client_id]
    undecided = [each for each in mine if not each.waiting.decided]
    if len(undecided) >= OWN_MOST:
        return min(undecided, key=_since).place
    free = sorted(set(places) - {each.place for each in living})
    if free:
        return free[engine.entropy(1)[0] % len(free)]  # two that look at once rarely choose the same
    if not mine:
        raise TooMany("Wait until other requests to this person have ended.", retry_after=60)
    return min(mine, key=_since).place
