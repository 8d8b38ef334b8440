"""This worker's copy of the catalogue, read again when news come or the feed is late."""

from __future__ import annotations

from eLicense.catalogue.loading import NEWS, stored
from eLicense.catalogue.snapshot import Snapshot, take
from store import Durable, Feed

__all__ = ["CurrentCatalogue"]


class CurrentCatalogue:
    """Call it for the catalogue of now."""

    def __init__(self, durable: Durable, feed: Feed) -> None:
        self._durable = durable
        self._feed = feed
        self._snapshot: Snapshot | None = None
        self._news = 0
        feed.subscribe(NEWS, self._forget)

    def __call__(self) -> Snapshot:
        """The snapshot; a worker whose feed is late reads the store instead of its copy."""
        snapshot = self._snapshot
        if snapshot is None or not self._feed.fresh():
            news = self._news
            snapshot = take(self._durable.read(stored))
            if news == self._news:  # or what was read may be older than what was told meanwhile
                self._snapshot = snapshot
        return snapshot

    def _forget(self, _subject: bytes | None) -> None:
        self._news += 1
        self._snapshot = None
