"""What the parent's signals mean: drain and end, end at once, or replace the workers."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Ending"]


class Ending:
    """SIGTERM, SIGINT: ``draining`` is called, ``drain_seconds`` later ``end``; a second one ends at once."""

    def __init__(
        self, end: Callable[..., None], *, drain_seconds: int, rolling: bool, draining: Callable[[], None]
    ) -> None:
        """``rolling``: SIGHUP is granian's, which replaces the workers; else it ends too, unless ignored."""
        self._end = end
        self._drain_seconds = drain_seconds
        self._rolling = rolling
        self._draining = draining
        self._told = False
        self._hang_up = signal.getsignal(signal.SIGHUP)

    def listen(self) -> None:
        """Take the signals over, in the main thread, after granian has."""
        signal.signal(signal.SIGTERM, self._hear)
        signal.signal(signal.SIGINT, self._hear)
        if not self._rolling:
            # granian would start another worker beside the first, which the folder's lock refuses
            ignored = self._hang_up is signal.SIG_IGN
            signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else self._end)

    def _hear(self, _signal: int, _frame: object) -> None:
        self._draining()
        if self._told or not self._drain_seconds:
            self._end()
            return
        self._told = True
        later = threading.Timer(self._drain_seconds, self._end)
        later.daemon = True
        later.start()
