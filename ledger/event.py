"""An event: that something of ours changed, who did it and about whom.

Every room's `events.py` defines its event types as frozen structs with a tag and a version and builds this
envelope; the ledger knows nothing of what stands in the body. A holder's *trace* is these events.
"""

from __future__ import annotations

import msgspec

__all__ = ["ID_RANDOM_BYTES", "Event", "event_id"]

ID_RANDOM_BYTES = 10
_ID_TIME_BYTES = 6


class Event(msgspec.Struct, frozen=True):
    """What happened, as its room records it.

    `id` comes from `event_id`; `at` is unix seconds; `holder_key` (16 bytes) names whose trace it stands in,
    or None; `actor` and `client` say who acted and through which client ("" where there is none); `subject`
    is the key of what changed; `body` is the JSON of the room's struct.
    """

    id: bytes
    tag: str
    version: int
    at: int
    holder_key: bytes | None
    actor: str
    client: str
    subject: bytes
    body: bytes


def event_id(now_ms: int, random: bytes) -> bytes:
    """Return 16 bytes: 48 bits of unix milliseconds, then 80 random bits, so that ids sort by time."""
    if len(random) != ID_RANDOM_BYTES:
        message = f"an event id takes {ID_RANDOM_BYTES} random bytes, not {len(random)}"
        raise ValueError(message)
    return now_ms.to_bytes(_ID_TIME_BYTES, "big") + random
