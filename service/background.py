"""A thread that does one thing again and again until it is told to stop."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from manyou.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Repeated"]

log = logging.getLogger("service")


class Repeated:
    """Calls a function every so many seconds; whatever it raises is logged, and the next time comes."""

    def __init__(self, name: str, seconds: float, act: Callable[[], object]) -> None:
        self._name = name
        self._seconds = seconds
        self._act = act
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; the first call comes after the first wait."""
        self._thread.start()

    def stop(self) -> None:
        """End after the present call."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            try:
                self._act()
            except Problem as problem:  # the store is away, most likely: it comes back
                log.warning("%s put off: %s", self._name, problem)
            except Exception:
                log.exception("%s failed", self._name)
