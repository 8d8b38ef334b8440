"""What a worker counts, in plain dictionaries under the interpreter's lock, and wrappers around the stores.

Only a watched server counts; otherwise none of this is in the way of a request.
"""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from typing_extensions import override

from manyou.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from store import Durable, Expiring, Tx
    from store.durable import Engine

__all__ = ["BOUNDS", "CountedDurable", "CountedExpiring", "Metrics", "Refusals"]

T = TypeVar("T")

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Seconds; a request that takes longer falls into the last bucket, which has no bound."""


class Metrics:
    """Counters and histograms of one worker, since it began."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, int]] = Counter()
        self._buckets: dict[str, list[int]] = {}
        self._seconds: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()
        self._works: Counter[tuple[str, str]] = Counter()
        self._acts: Counter[tuple[str, str]] = Counter()

    def request(self, method: str, path: str, status: int, seconds: float) -> None:
        """One answered request; ``path`` as the route is written, never as the caller sent it."""
        name = f"{method} {path}"
        self._requests[name, status // 100] += 1
        buckets = self._buckets.get(name)
        if buckets is None:
            buckets = self._buckets.setdefault(name, [0] * (len(BOUNDS) + 1))
        buckets[bisect_left(BOUNDS, seconds)] += 1
        self._seconds[name] += seconds  # type: ignore[assignment]  # Counter adds floats as well

    def refusal(self, code: str) -> None:
        """One refusal by its public code."""
        self._refusals[code] += 1

    def work(self, kind: str, outcome: str) -> None:
        """One work at the durable store: ``read`` or ``write``, ``done``, ``unavailable`` or ``raised``."""
        self._works[kind, outcome] += 1

    def act(self, name: str, outcome: str) -> None:
        """One act at the expiring store: ``done`` or ``unavailable``."""
        self._acts[name, outcome] += 1

    def series(self) -> dict[str, float]:
        """Each series by its name with labels, as the text form of the metrics writes it."""
        found: dict[str, float] = {}
        for (endpoint, status), count in list(self._requests.items()):
            found[f'manyou_requests_total{{endpoint="{endpoint}",status="{status}xx"}}'] = count
        for endpoint, buckets in list(self._buckets.items()):
            found.update(_histogram(endpoint, buckets, self._seconds[endpoint]))
        for code, count in list(self._refusals.items()):
            found[f'manyou_refusals_total{{code="{code}"}}'] = count
        for (kind, outcome), count in list(self._works.items()):
            found[f'manyou_store_works_total{{kind="{kind}",outcome="{outcome}"}}'] = count
        for (name, outcome), count in list(self._acts.items()):
            found[f'manyou_expiring_acts_total{{act="{name}",outcome="{outcome}"}}'] = count
        return found


def _histogram(endpoint: str, buckets: list[int], seconds: float) -> dict[str, float]:
    name, label = "manyou_request_seconds", f'endpoint="{endpoint}"'
    found: dict[str, float] = {}
    total = 0
    for bound, count in zip((*map(str, BOUNDS), "+Inf"), tuple(buckets), strict=True):
        total += count
        found[f'{name}_bucket{{{label},le="{bound}"}}'] = total
    found[f"{name}_sum{{{label}}}"] = seconds
    found[f"{name}_count{{{label}}}"] = total
    return found


class Refusals(logging.Handler):
    """Counts what ``web.answer`` logs as refused, by code."""

    def __init__(self, metrics: Metrics) -> None:
        super().__init__(logging.INFO)
        self._metrics = metrics

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Count one record."""
        if (facts := getattr(record, "facts", None)) and "code" in facts:
            self._metrics.refusal(facts["code"])


class CountedDurable:
    """A durable store whose works are counted."""

    def __init__(self, durable: Durable, metrics: Metrics) -> None:
        self._durable = durable
        self._count = metrics.work

    @property
    def engine(self) -> Engine:
        """See ``store.Durable``."""
        return self._durable.engine

    def write(self, work: Callable[[Tx], T], /) -> T:
        """See ``store.Durable``."""
        return self._counted("write", lambda: self._durable.write(work))

    def read(self, work: Callable[[Tx], T], /) -> T:
        """See ``store.Durable``."""
        return self._counted("read", lambda: self._durable.read(work))

    def time(self) -> float:
        """See ``store.Durable``."""
        return self._durable.time()

    def close(self) -> None:
        """See ``store.Durable``."""
        self._durable.close()

    def _counted(self, kind: str, run: Callable[[], T]) -> T:
        outcome = "raised"
        try:
            result = run()
            outcome = "done"
            return result
        except Unavailable:
            outcome = "unavailable"
            raise
        finally:
            self._count(kind, outcome)


class CountedExpiring:
    """An expiring store whose acts are counted."""

    def __init__(self, expiring: Expiring, metrics: Metrics) -> None:
        self._expiring = expiring
        self._count = metrics.act

    def put(self, key: str, value: bytes, ends: int) -> None:
        """See ``store.Expiring``."""
        self._counted("put", lambda: self._expiring.put(key, value, ends))

    def get(self, key: str) -> bytes | None:
        """See ``store.Expiring``."""
        return self._counted("get", lambda: self._expiring.get(key))

    def bump(self, key: str, ends: int) -> int:
        """See ``store.Expiring``."""
        return self._counted("bump", lambda: self._expiring.bump(key, ends))

    def swap(self, key: str, old: bytes, new: bytes, ends: int) -> bool:
        """See ``store.Expiring``."""
        return self._counted("swap", lambda: self._expiring.swap(key, old, new, ends))

    def close(self) -> None:
        """See ``store.Expiring``."""
        self._expiring.close()

    def _counted(self, name: str, act: Callable[[], T]) -> T:
        try:
            result = act()
        except Unavailable:
            self._count(name, "unavailable")
            raise
        self._count(name, "done")
        return result
