"""`make soak`: mixed load for an hour; memory must stay where it was, and every answer must be right.

    .venv/bin/python -m bench.soak --minutes 60

Prints a row a minute: requests so far, CPU a request, memory of the server's processes. Fails at the first
wrong answer, and where memory at the end is a quarter above what it was after the first tenth of the time.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from bench.drive import LOAD_CORE, Target, load, process_tree
from bench.ours import ours

__all__ = ["main", "resident_mib"]

BATCH = 400
GROWTH = 1.25


def resident_mib(pid: int) -> float:
    """Memory of the process tree that is its own: proportional set size, MiB."""
    rollups = (Path(f"/proc/{each}/smaps_rollup").read_text() for each in process_tree(pid))
    lines = (line for text in rollups for line in text.splitlines() if line.startswith("Pss:"))
    return sum(int(line.split()[1]) for line in lines) / 1024


def minute(target: Target, until: float) -> tuple[int, float]:
    """Ask in turn until then; how many requests, and CPU microseconds of each."""
    asked, spent = 0, 0.0
    while time.monotonic() < until:
        for operation in target.operations:
            spent += load(target, operation, BATCH, 16) * BATCH
            asked += BATCH
    return asked, spent / max(asked, 1)


def main() -> int:
    """Load, watch, judge."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--minutes", type=float, default=60)
    minutes = options.parse_args().minutes
    os.sched_setaffinity(0, {LOAD_CORE})
    Path("var").mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir="var", prefix="soak-") as folder,
        ours("sqlite", Path(folder), {}) as target,
    ):
        begun, total, settled = time.monotonic(), 0, 0.0
        print(f"{'minutes':>8}{'requests':>12}{'cpu µs':>9}{'MiB':>8}")
        while (passed := (time.monotonic() - begun) / 60) < minutes:
            asked, cpu = minute(target, min(time.monotonic() + 60, begun + minutes * 60))
            total += asked
            memory = resident_mib(target.pid)
            print(f"{(time.monotonic() - begun) / 60:>8.1f}{total:>12,}{cpu:>9.1f}{memory:>8.1f}", flush=True)
            if passed <= minutes / 10:
                settled = memory
        grown = memory / settled
        print(f"memory: {grown:.2f} times what it was after the first tenth")
        return int(grown > GROWTH)


if __name__ == "__main__":
    sys.exit(main())
