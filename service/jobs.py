"""Background jobs: functions that the rooms hand over, each run by one process at a time.

The table holds name, lease and last run only. A process takes a due job's lease with one guarded statement,
runs it, and records the run; a process that dies loses the lease when it ends.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from manyou.errors import Problem
from store import SQL

if TYPE_CHECKING:
    from store import Durable, Tx

__all__ = ["Job", "Jobs"]

log = logging.getLogger("jobs")

LEASE = 60
"""Seconds. Longer than any run takes, short enough that a dead process delays a job by a minute at most."""

_KNOW = SQL(
    "INSERT INTO job (name, holder, lease_ends, last_run) VALUES (:name, '', 0, 0)"
    " ON CONFLICT (name) DO NOTHING"
)
_TAKE = SQL(
    "UPDATE job SET holder = :holder, lease_ends = :lease_ends"
    " WHERE name = :name AND last_run <= :due AND (lease_ends <= :now OR holder = :holder)"
)
_DONE = SQL("UPDATE job SET lease_ends = 0, last_run = :now WHERE name = :name AND holder = :holder")


@dataclass(frozen=True, slots=True)
class Job:
    """A function to run every so often; ``run(now)`` may be called again after a crash."""

    name: str
    every: int
    """Seconds, at least 1."""
    run: Callable[[int], object]


class Jobs:
    """Runs the jobs in one thread of this process."""

    def __init__(self, durable: Durable, clock: Callable[[], int], jobs: tuple[Job, ...]) -> None:
        self._durable = durable
        self._clock = clock
        self._jobs = jobs
        self._holder = secrets.token_hex(8)
        self._next = dict.fromkeys((job.name for job in jobs), 0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._rounds, name="jobs", daemon=True)

    def start(self) -> None:
        """Make the jobs known and begin."""
        self._durable.write(lambda tx: [tx.run(_KNOW, name=job.name) for job in self._jobs])
        self._thread.start()

    def stop(self) -> None:
        """End after the present job."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def round(self) -> list[str]:
        """Run what is due; returns the names of what ran. A failing job hinders no other."""
        ran = []
        for job in self._jobs:
            now = self._clock()
            if now < self._next[job.name]:
                continue
            self._next[job.name] = now + job.every  # whoever wins, nobody need ask the store sooner
            if not self._take(job, now):
                continue
            try:
                job.run(now)
                ran.append(job.name)
            except Problem as problem:
                log.warning("job %s refused: %s", job.name, problem)
            except Exception:
                log.exception("job %s failed", job.name)
            self._finish(job)
        return ran

    def _take(self, job: Job, now: int) -> bool:
        ends, due = now + LEASE, now - job.every

        def work(tx: Tx) -> int:
            return tx.run(_TAKE, name=job.name, now=now, holder=self._holder, lease_ends=ends, due=due)

        return self._durable.write(work) == 1

    def _finish(self, job: Job) -> None:
        now = self._clock()
        self._durable.write(lambda tx: tx.run(_DONE, name=job.name, holder=self._holder, now=now))

    def _rounds(self) -> None:
        while not self._stop.wait(0.5):
            try:
                self.round()
            except Problem as problem:
                log.warning("no jobs this round: %s", problem)
