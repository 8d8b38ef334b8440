"""Background jobs: functions that the rooms hand over, each run by one process at a time.

The table holds name, lease and last run only. A process takes a due job's lease with one guarded statement,
runs it, and records the run; the lease of a process that died ends by itself. A lease or a run that lies
further ahead than any lease can was written by a clock that has been set back since: it counts for nothing.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from manyou.errors import Problem
from store import SQL

if TYPE_CHECKING:
    from store import Durable, Tx

__all__ = ["LEASE", "Job", "Jobs"]

log = logging.getLogger("jobs")

LEASE = 60
"""Seconds. Longer than any run takes, short enough that a dead process delays a job by a minute at most."""

_KNOW = SQL(
    "INSERT INTO job (name, holder, lease_ends, last_run) VALUES (:name, '', 0, 0)"
    " ON CONFLICT (name) DO NOTHING"
)
_TAKE = SQL(
    "UPDATE job SET holder = :holder, lease_ends = :lease_ends WHERE name = :name"
    " AND (last_run <= :due OR last_run > :lease_ends)"
    " AND (lease_ends <= :now OR lease_ends > :lease_ends OR holder = :holder)"
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
    """One process's share in running them: ``round`` again and again, from one thread."""

    def __init__(self, durable: Durable, clock: Callable[[], int], jobs: tuple[Job, ...]) -> None:
        self._durable = durable
        self._clock = clock
        self._jobs = jobs
        self._holder = secrets.token_hex(8)
        self._asked_at = {job.name: -LEASE for job in jobs}
        """When this process last asked for each: between two runs nobody need ask the store."""

    def make_known(self) -> None:
        """Put the names into the table; safe to repeat."""
        self._durable.write(lambda tx: [tx.run(_KNOW, name=job.name) for job in self._jobs])

    def round(self) -> list[str]:
        """Run what is due; returns the names of what ran. A failing job hinders no other, and waits its time.

        Raises:
            Unavailable: the store does not answer.
        """
        ran = []
        for job in self._jobs:
            now = self._clock()
            # a lease may fall free before the next run is due, by the death of its holder
            if 0 <= now - self._asked_at[job.name] < min(job.every, LEASE):
                continue
            taken = self._take(job, now)
            self._asked_at[job.name] = now
            if taken:
                self._run(job, now)
                self._finish(job)
                ran.append(job.name)
        return ran

    def _run(self, job: Job, now: int) -> None:
        try:
            job.run(now)
        except Problem as problem:
            log.warning("job %s refused: %s", job.name, problem)
        except Exception:
            log.exception("job %s failed", job.name)

    def _take(self, job: Job, now: int) -> bool:
        ends, due = now + LEASE, now - job.every

        def work(tx: Tx) -> int:
            return tx.run(_TAKE, name=job.name, now=now, holder=self._holder, lease_ends=ends, due=due)

        return self._durable.write(work) == 1

    def _finish(self, job: Job) -> None:
        now = self._clock()
        self._durable.write(lambda tx: tx.run(_DONE, name=job.name, holder=self._holder, now=now))
