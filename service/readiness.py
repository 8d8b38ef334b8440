"""Whether this worker should be sent requests, asked by the proxy in front: ``GET /ready``.

Not ready: the store does not answer, its clock and ours are further apart than single use can bear, or the
news is old. Ready again by itself, without a restart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from manyou.errors import Unavailable
from web import Endpoint, Reply, public

if TYPE_CHECKING:
    from collections.abc import Callable

    from store import Durable, Feed
    from web import Call

__all__ = ["CLOCK_SECONDS", "ClockDiffers", "NewsTooOld", "Readiness"]

CLOCK_SECONDS = 5
"""Seconds. A worker further off would take an ended value for a living one, or the reverse."""


class ClockDiffers(Unavailable):
    """This machine's clock and the store's disagree."""

    code = "clock_differs_from_store"
    mend = "Set the clocks of this machine and of the database by the same time service."


class NewsTooOld(Unavailable):
    """What other workers changed has not been read lately."""

    code = "news_too_old"
    mend = "Try again after Retry-After seconds; if it stays, look at the log."


class Readiness:
    """Looks anew at every call: nothing here is remembered."""

    def __init__(self, durable: Durable, feed: Feed, clock: Callable[[], int]) -> None:
        self._durable = durable
        self._feed = feed
        self._clock = clock

    def check(self) -> None:
        """Return when this worker may serve.

        Raises:
            ClockDiffers: more than ``CLOCK_SECONDS`` from the store's clock.
            NewsTooOld: the feed's cursor is older than caches may be.
            Unavailable: the store does not answer.
        """
        apart = self._clock() - self._durable.time()
        if (
            not -CLOCK_SECONDS - 1 <= apart <= CLOCK_SECONDS
        ):  # ours is cut to whole seconds, so up to 1 behind
            raise ClockDiffers(detail=f"{apart:.0f} seconds apart")
        if not self._feed.fresh():
            raise NewsTooOld

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """``GET /ready``: 200 or 503."""
        return (Endpoint("GET", "/ready", self._answer, public("says nothing but yes or no, and why not")),)

    def _answer(self, _call: Call) -> Reply:
        self.check()
        return Reply.json({"ready": True})
