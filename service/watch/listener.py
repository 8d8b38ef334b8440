"""The parent's listener: adds up what the workers report, and answers ``/livez``, ``/readyz``, ``/metrics``.

``/readyz``: there is a worker, and every one that lives said so within three seconds; never while draining.
``/livez``: not every worker has fallen silent. What a worker counted stays in the sums after its end.
"""

from __future__ import annotations

import json
import socket
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.watch.reporting import Report

__all__ = ["Listener", "Workers"]

LATELY_SECONDS = 3.0
"""Three reports late: the worker hangs."""
SILENT_SECONDS = 30.0
ASKING_SECONDS = 5
"""A caller who takes longer to ask is let go."""
_TEXT = "text/plain; version=0.0.4; charset=utf-8"
_KINDS = (
    ("manyou_requests_total", "counter", "Requests by endpoint and status class."),
    ("manyou_request_seconds", "histogram", "Time from call to reply."),
    ("manyou_refusals_total", "counter", "Refusals by public code."),
    ("manyou_store_works_total", "counter", "Works at the durable store."),
    ("manyou_expiring_acts_total", "counter", "Acts at the expiring store."),
    ("manyou_feed_age_seconds", "gauge", "Age of the news that caches stand on, of the worst worker."),
    ("manyou_queue_length", "gauge", "What waits for a background job."),
    ("manyou_workers", "gauge", "Workers that report."),
    ("manyou_ready", "gauge", "1 while /readyz says yes."),
)


class Workers:
    """What the workers reported; any number of threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.draining = False
        self._clock = clock
        self._lock = threading.Lock()
        self._latest: dict[object, tuple[float, Report]] = {}
        self._ended: Counter[str] = Counter()
        self._heard_at: float | None = None

    def heard(self, worker: object, report: Report) -> None:
        """Remember a worker's newest report."""
        with self._lock:
            self._heard_at = self._clock()
            self._latest[worker] = (self._heard_at, report)

    def ended(self, worker: object) -> None:
        """A worker is gone; its counts stay."""
        with self._lock:
            if (last := self._latest.pop(worker, None)) is not None:
                self._ended.update(last[1]["series"])

    def why_not_ready(self) -> str:
        """Empty when requests should come; else a code."""
        if self.draining:
            return "draining"
        with self._lock:
            reports = list(self._latest.values())
        if not reports:
            return "no_worker"
        for at, report in reports:
            if self._clock() - at > LATELY_SECONDS:
                return "worker_silent"
            if report["ready"] is not True:
                return str(report["ready"])
        return ""

    def alive(self) -> bool:
        """False where a restart is what helps: workers reported once, and none does any more."""
        return self._heard_at is None or self._clock() - self._heard_at <= SILENT_SECONDS

    def text(self) -> str:
        """All metrics in the text form that Prometheus reads."""
        with self._lock:
            sums = Counter(self._ended)
            gauges: dict[str, float] = {"manyou_workers": len(self._latest)}
            for _, report in self._latest.values():
                sums.update(report["series"])
                for name, value in report["gauges"].items():
                    gauges[name] = max(value, gauges.get(name, 0))
        gauges["manyou_ready"] = int(not self.why_not_ready())
        series: dict[str, float] = {**sums, **gauges}
        lines = []
        for family, kind, help_ in _KINDS:
            lines += [f"# HELP {family} {help_}", f"# TYPE {family} {kind}"]
            lines += [f"{name} {value:.10g}" for name, value in series.items() if name.startswith(family)]
        return "\n".join(lines) + "\n"


class Listener:
    """Both ends: a socket for the workers' reports, and the HTTP listener for the operator's tools."""

    def __init__(self, address: str, port: int) -> None:
        """Listen; raises OSError where the address is taken."""
        self.workers = Workers()
        self._http = _Server((address, port), self.workers)
        self._folder = tempfile.TemporaryDirectory(prefix="manyou-")  # of this user alone
        self.reports = str(Path(self._folder.name) / "reports")
        """Path of the socket, for the workers."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(self.reports)
        self._socket.listen(64)

    def start(self) -> None:
        """Begin to answer."""
        for act in (self._http.serve_forever, self._accept):
            threading.Thread(target=act, name="watch", daemon=True).start()

    def drain(self) -> None:
        """Say not ready from now on."""
        self.workers.draining = True

    def close(self) -> None:
        """End."""
        self._http.shutdown()
        self._http.server_close()
        self._socket.close()
        self._folder.cleanup()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._listen, args=(connection,), daemon=True).start()

    def _listen(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError), connection, connection.makefile("rb") as lines:
            for line in lines:
                self.workers.heard(connection, json.loads(line))
        self.workers.ended(connection)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], workers: Workers) -> None:
        self.workers = workers
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    timeout = ASKING_SECONDS
    server: _Server

    def do_GET(self) -> None:
        """Answer one of the three."""
        workers = self.server.workers
        if self.path == "/livez":
            self._say(*((200, "ok") if workers.alive() else (503, "silent")))
        elif self.path == "/readyz":
            why = workers.why_not_ready()
            self._say(503 if why else 200, why or "ok")
        elif self.path == "/metrics":
            self._say(200, workers.text())
        else:
            self._say(404, "not here")

    def _say(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", _TEXT)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    @override
    def version_string(self) -> str:
        """Without the versions that the library would tell."""
        return "manyou"

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: these are asked every few seconds."""
