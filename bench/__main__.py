"""`make bench`: the server's CPU a request, ours and node-oidc-provider's in turn, and what a code costs.

    .venv/bin/python -m bench [--count 2000] [--rounds 5] [--engine sqlite] [--engine postgres]

Writes var/bench.json: a row an operation and engine with operation, engine, ours_us, peer_us, ratio, limit_us
(the least that the cryptography and one durable write would cost). Fails where we miss what we promise.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import codes, start
from bench.drive import compare
from bench.ours import ours
from bench.peer import peer

LIMIT_US = {
    "client credentials": 31,
    "code exchange": 60,
    "code exchange, DPoP": 135,
    "refresh": 60,
    "whole flow": 135,
    "silent sign-on": 30,
    "introspection": 36,
    "userinfo": 36,
    "discovery": 6,
    "JWKS": 6,
}
"""CPU µs of the unavoidable parts: signatures made and checked, sealing, one durable statement a spending."""
PROMISED = {
    "sqlite": {
        "client credentials": 4.0,
        "code exchange": 4.0,
        "refresh": 4.0,
        "whole flow": 5.0,
        "introspection": 3.3,
        "userinfo": 3.3,
        "discovery": 5.0,
        "JWKS": 3.3,
    },
    "postgres": {"client credentials": 3.0, "code exchange": 3.0, "refresh": 3.0},
}
"""Times the peer's throughput a core, by engine."""
MOST_US = {"silent sign-on": 600}
"""What an operation may cost, whatever the peer's does."""


def compared(engines: list[str], count: int, rounds: int) -> list[dict[str, Any]]:
    """Ours on each engine beside the peer, all running at once, asked in turn."""
    with ExitStack() as stack:
        others = stack.enter_context(peer())
        targets = [others]
        for engine in engines:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="var", prefix="bench-")))
            settings = postgres(stack, folder) if engine == "postgres" else {}
            targets.append(stack.enter_context(ours(engine, folder, settings)))
        figures = compare(targets, count=count, rounds=rounds)
    rows = []
    for operation, limit in LIMIT_US.items():
        for engine in engines:
            own, beside = figures[operation, engine], figures[operation, others.engine]
            rows.append(
                {
                    "operation": operation,
                    "engine": engine,
                    "ours_us": round(own, 1),
                    "peer_us": round(beside, 1),
                    "ratio": round(beside / own, 2),
                    "limit_us": limit,
                }
            )
    return rows


def postgres(stack: ExitStack, folder: Path) -> dict[str, str]:
    """A PostgreSQL of the benchmark's own, and the settings that lead to it."""
    from tests.postgres_server import Server

    server = Server(Path(tempfile.mkdtemp(prefix="manyou-bench-")))
    stack.callback(server.remove)
    server.start_once()
    server.create("bench")
    dsn = folder / "dsn"
    dsn.write_text(server.dsn("bench"))
    dsn.chmod(0o600)
    return {"MANYOU_STORE__ENGINE": "postgres", "MANYOU_STORE__DSN_FILE": str(dsn)}


def code_rows() -> list[dict[str, Any]]:
    """What `bench.codes` measures, in the same columns; nobody is beside us there."""
    return [
        {
            "operation": f"code: {row['operation']}",
            "engine": "none",
            "ours_us": row["us"],
            "peer_us": None,
            "ratio": None,
            "limit_us": row["limit_us"],
        }
        for row in codes.measure(rounds=15, count=400)
    ]


def missed(row: dict[str, Any]) -> bool:
    """Whether this row breaks a promise."""
    if row["ratio"] is None:
        return bool(row["limit_us"] and row["ours_us"] > row["limit_us"])
    dear = row["ours_us"] > MOST_US.get(row["operation"], row["ours_us"])
    return bool(dear or row["ratio"] < PROMISED[row["engine"]].get(row["operation"], 0))


def show(rows: list[dict[str, Any]]) -> None:
    """The table."""
    print(f"{'operation':<30}{'engine':<10}{'ours µs':>9}{'peer µs':>9}{'ratio':>7}{'limit µs':>10}")
    for row in rows:
        peer_us, ratio, limit = (row[name] or "" for name in ("peer_us", "ratio", "limit_us"))
        print(
            f"{row['operation']:<30}{row['engine']:<10}{row['ours_us']:>9}{peer_us:>9}{ratio:>7}"
            f"{limit:>10}{'  missed' if missed(row) else ''}"
        )


def main() -> int:
    """Measure, write, print; 1 where a promise is missed."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--count", type=int, default=2000, help="requests a round")
    options.add_argument("--rounds", type=int, default=5, help="rounds that count")
    options.add_argument("--engine", action="append", choices=["sqlite", "postgres"])
    given = options.parse_args()
    Path("var").mkdir(exist_ok=True)
    if len(os.sched_getaffinity(0)) < 2:
        print(
            "one core only: server and load share it, rates mean little, CPU time still counts",
            file=sys.stderr,
        )
    rows = compared(given.engine or ["sqlite"], given.count, given.rounds) + code_rows() + start.measure()
    Path("var/bench.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    show(rows)
    return int(any(map(missed, rows)))


if __name__ == "__main__":
    sys.exit(main())
