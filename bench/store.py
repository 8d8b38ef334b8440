"""Works a second: one spent marker and one event in a fully synced commit, by 1, 8 and 64 callers.

    .venv/bin/python -m bench.store [--seconds 3] [--engine sqlite|postgres]

Writes its rows to var/bench-store.json. The embedded engine must reach 12,000 at 64 callers on two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from ledger import Event, append, event_id
from store import Durable, Marker, StoreSettings, Tx, migrate, open_durable, spend

CALLERS = (1, 8, 64)
LIMIT = {("sqlite", 64): 12_000}
BODY = json.dumps(
    {"licence": "9f" * 16, "purpose": "食品经营许可新办", "business_number": "FZ-2026-000123"}
).encode()
ENDS = 1_790_000_060


def work_of(number: int) -> Any:
    """Return a work with values of its own, made outside as every room makes them."""
    random = os.urandom(58)
    marker = Marker(random[:16], "code", random[16:48], ENDS, random[:16], ENDS - 60, random[:16])
    now_ms = (ENDS - 60) * 1000 + number // 10
    event = Event(
        event_id(now_ms, random[48:]),
        "licence-used",
        1,
        ENDS - 60,
        random[:16],
        "person",
        "hall-a",
        random[:12],
        BODY,
    )

    def work(tx: Tx) -> None:
        assert spend(tx, marker).won
        append(tx, event)

    return work


def measure(durable: Durable, callers: int, seconds: float) -> dict[str, Any]:
    """Let `callers` threads write one work after the other; return the rate and latencies."""
    start, stop = threading.Barrier(callers + 1), threading.Event()
    latencies: list[list[float]] = [[] for _ in range(callers)]

    def call(own: list[float]) -> None:
        number = 0
        start.wait()
        while not stop.is_set():
            number += 1
            begun = time.perf_counter()
            durable.write(work_of(number))
            own.append(time.perf_counter() - begun)

    threads = [threading.Thread(target=call, args=(own,)) for own in latencies]
    for thread in threads:
        thread.start()
    start.wait()
    begun, cpu = time.perf_counter(), time.process_time()
    time.sleep(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    elapsed, cpu = time.perf_counter() - begun, time.process_time() - cpu
    every = sorted(latency for own in latencies for latency in own)
    return {
        "callers": callers,
        "works_per_second": round(len(every) / elapsed),
        "p50_ms": round(every[len(every) // 2] * 1000, 2),
        "p99_ms": round(every[len(every) * 99 // 100] * 1000, 2),
        "client_cpu_us": round(cpu / len(every) * 1e6, 1),
    }


def run(engine: str, durable: Durable, seconds: float) -> list[dict[str, Any]]:
    """Measure one engine with each number of callers."""
    rows = []
    measure(durable, 8, 0.5)  # statements prepared, connections open
    for callers in CALLERS:
        row = {"engine": engine, **measure(durable, callers, seconds), "limit": LIMIT.get((engine, callers))}
        rows.append(row)
        print(
            f"{engine:9}{callers:8}{row['works_per_second']:12,}{row['p50_ms']:10}{row['p99_ms']:10}"
            f"{row['client_cpu_us']:10}  {row['limit'] or ''}"
        )
    return rows


def main() -> int:
    """Run what is asked for; return 1 where a limit is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=3)
    options.add_argument("--engine", choices=["sqlite", "postgres"])
    given = options.parse_args()
    print(f"{'engine':9}{'callers':>8}{'works/s':>12}{'p50 ms':>10}{'p99 ms':>10}{'cpu us':>10}  at least")
    rows: list[dict[str, Any]] = []
    Path("var").mkdir(exist_ok=True)
    if given.engine != "postgres":
        # Beside the service's own data: /tmp may be memory, which syncs for nothing.
        with tempfile.TemporaryDirectory(dir="var", prefix="bench-") as folder:
            durable = open_durable(StoreSettings(path=Path(folder)))
            migrate(durable)
            rows += run("sqlite", durable, given.seconds)
            durable.close()
    if given.engine != "sqlite":
        from store.postgres import PostgresDurable
        from tests.postgres_server import Server

        server = Server(Path(tempfile.mkdtemp(prefix="manyou-bench-")))
        try:
            server.start_once()
            server.create("bench")
            durable = PostgresDurable(server.dsn("bench"))
            rows += run("postgres", durable, given.seconds)
            durable.close()
        finally:
            server.remove()
    Path("var/bench-store.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    missed = [row for row in rows if row["limit"] and row["works_per_second"] < row["limit"]]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
