"""A worker's report to the parent: whether it is ready, and what it counted, a line of JSON every second.

The connection ends with the worker, so the parent forgets nobody who lives and remembers nobody who died.
"""

from __future__ import annotations

import json
import os
import socket
from typing import TYPE_CHECKING, Any

from manyou.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from service.watch.metrics import Metrics
    from store import Durable, Feed, Tx

__all__ = ["REPORTS", "Report", "Reporter"]

REPORTS = "MANYOU_REPORTS"
"""Environment variable with the path of the parent's socket."""
QUEUES_EVERY = 5
"""Reports; counting rows is dearer than the rest."""

Report = dict[str, Any]
"""``ready``: true or the code of why not; ``series``: see ``Metrics``; ``gauges``: never added up."""


class Reporter:
    """Called every second by a thread of the worker."""

    def __init__(
        self,
        metrics: Metrics,
        *,
        check: Callable[[], None],
        durable: Durable,
        feed: Feed,
        queues: Mapping[str, Callable[[Tx], int]],
    ) -> None:
        self._metrics = metrics
        self._check = check
        self._durable = durable
        self._feed = feed
        self._queues = queues
        self._lengths: dict[str, float] = {}
        self._reports = 0
        self._parent: socket.socket | None = None

    def report(self) -> None:
        """Tell the parent; it reads at once, or there is none any more."""
        if self._parent is None:
            self._parent = socket.socket(socket.AF_UNIX)
            self._parent.connect(os.environ[REPORTS])
        self._parent.sendall(json.dumps(self._made()).encode() + b"\n")

    def _made(self) -> Report:
        ready: bool | str = True
        try:
            self._check()
            if self._reports % QUEUES_EVERY == 0:
                self._lengths = {
                    f'manyou_queue_length{{queue="{name}"}}': self._durable.read(count)
                    for name, count in self._queues.items()
                }
            self._reports += 1
        except Problem as problem:
            ready = problem.code
        gauges = {"manyou_feed_age_seconds": self._feed.age(), **self._lengths}
        return {"ready": ready, "series": self._metrics.series(), "gauges": gauges}
