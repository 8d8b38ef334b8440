"""Jobs on both engines: each run once by somebody, whatever becomes of a process, a job or a clock."""

from __future__ import annotations

import threading

import pytest

from manyou.errors import Unavailable
from service.jobs import LEASE, Job, Jobs
from store import SQL, Durable
from tests.conftest import ManualClock


class Counted:
    """A job that remembers when it ran."""

    def __init__(self, error: Exception | None = None) -> None:
        self.times: list[int] = []
        self.error = error

    def __call__(self, now: int) -> None:
        self.times.append(now)
        if self.error is not None:
            raise self.error


def worker(durable: Durable, clock: ManualClock, *jobs: Job) -> Jobs:
    found = Jobs(durable, clock, jobs)
    found.make_known()
    return found


def test_a_job_runs_when_it_is_due(durable: Durable, clock: ManualClock) -> None:
    counted = Counted()
    jobs = worker(durable, clock, Job("a", 10, counted))
    began = clock()
    for _ in range(25):
        jobs.round()
        clock.advance(1)
    assert counted.times == [began, began + 10, began + 20]


def test_two_workers_run_a_job_once(durable: Durable, clock: ManualClock) -> None:
    counted = Counted()
    job = Job("a", 10, counted)
    workers = [worker(durable, clock, job) for _ in range(2)]
    for _ in range(21):
        for each in workers:
            each.round()
        clock.advance(1)
    assert len(counted.times) == 3


def test_racing_workers_run_a_job_once(durable: Durable, clock: ManualClock) -> None:
    counted = Counted()
    workers = [worker(durable, clock, Job("a", 5, counted)) for _ in range(6)]
    for _ in range(5):
        start = threading.Barrier(len(workers))

        def race(jobs: Jobs, start: threading.Barrier = start) -> None:
            start.wait()
            jobs.round()

        threads = [threading.Thread(target=race, args=(each,)) for each in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        clock.advance(5)
    assert len(counted.times) == 5


@pytest.mark.parametrize("error", [RuntimeError("broken"), Unavailable()])
def test_a_failing_job_hinders_nobody_and_waits_its_time(
    durable: Durable, clock: ManualClock, error: Exception
) -> None:
    failing, fine = Counted(error), Counted()
    jobs = worker(durable, clock, Job("failing", 10, failing), Job("fine", 10, fine))
    for _ in range(11):
        jobs.round()
        clock.advance(1)
    assert len(failing.times) == len(fine.times) == 2


class Killed(BaseException):
    """Ends a worker within a job, as kill -9 does: it cannot give the lease back."""


def test_the_lease_of_a_dead_worker_ends(durable: Durable, clock: ManualClock) -> None:
    def die(_now: int) -> None:
        raise Killed

    counted = Counted()
    dying = worker(durable, clock, Job("a", 3600, die))
    with pytest.raises(Killed):
        dying.round()
    other = worker(durable, clock, Job("a", 3600, counted))
    for _ in range(LEASE + 2):
        other.round()
        clock.advance(1)
    assert len(counted.times) == 1


def test_a_clock_set_back_stops_no_job(durable: Durable, clock: ManualClock) -> None:
    counted = Counted()
    job = Job("a", 10, counted)
    clock.advance(86_400)
    ahead = worker(durable, clock, job)
    ahead.round()
    clock.advance(-86_400)
    for jobs in (ahead, worker(durable, clock, job)):
        jobs.round()
        clock.advance(10)
    assert len(counted.times) == 3


def test_a_lease_taken_by_a_clock_ahead_holds_nobody_up(durable: Durable, clock: ManualClock) -> None:
    def die(_now: int) -> None:
        raise Killed

    counted = Counted()
    clock.advance(3600)
    with pytest.raises(Killed):
        worker(durable, clock, Job("a", 10, die)).round()
    clock.advance(-3600)
    worker(durable, clock, Job("a", 10, counted)).round()
    assert len(counted.times) == 1


def test_nothing_but_name_lease_and_last_run_is_kept(durable: Durable, clock: ManualClock) -> None:
    jobs = worker(durable, clock, Job("a", 10, Counted()))
    jobs.make_known()
    jobs.round()
    rows = durable.read(lambda tx: tx.rows(SQL("SELECT name, lease_ends, last_run FROM job")))
    assert rows == [("a", 0, clock())]
