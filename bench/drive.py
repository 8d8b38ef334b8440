"""Load for a server on one core, and the CPU time that the server spends on each request.

The load comes from this process, on another core: a few keep-alive connections, each with one request under
way. What is compared is the CPU time, user and system, of the server's whole process tree: unlike a rate it
says the same on a busy machine. Two servers are measured in turn, round by round, and the medians count.
"""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

__all__ = [
    "LOAD_CORE",
    "SERVER_CORE",
    "Flow",
    "Operation",
    "Target",
    "Unexpected",
    "compare",
    "cpu_seconds",
    "load",
    "request",
]

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
TIMEOUT_SECONDS = 30
CONNECTIONS = 64
"""As many as the embedded server has threads: a service of a province is asked by many at once."""


Flow = Generator[bytes, bytes, None]
"""Requests that follow from one another: yields a request, is sent its answer, looks at it itself."""


class Unexpected(Exception):
    """A server answered something else than the operation means: the figure would be worth nothing."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What is asked again and again.

    Attributes:
        name: as the table shows it.
        requests: gives that many requests, bytes as they go over the wire, or flows; called before the clock
            runs, so codes to be spent are made here.
        expects: what the answer to every single request must hold.
        repeat: times as many requests as asked for, so that a cheap one is measured as long as a dear one.
    """

    name: str
    requests: Callable[[int], Sequence[bytes] | Sequence[Flow]]
    expects: bytes
    repeat: int = 1


@dataclass(frozen=True, slots=True)
class Target:
    """A running server and what it is asked; `pid` is the head of its process tree."""

    engine: str
    host: str
    port: int
    pid: int
    operations: tuple[Operation, ...]


def request(
    method: str, path: str, host: str, headers: dict[str, str] | None = None, body: bytes = b""
) -> bytes:
    """One HTTP/1.1 request, ready to send."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Accept: */*"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def process_tree(pid: int) -> list[int]:
    """The process and all its living descendants."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            found += map(int, children.read_text().split())
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of the process tree so far, all threads, by the kernel's nanosecond clock.

    The clock is the one of clock_getcpuclockid(3): the process id's complement, shifted, kind CPUCLOCK_SCHED.
    """
    return sum(time.clock_gettime((~process << 3) | 2) for process in process_tree(pid))


class Connection:
    """One keep-alive connection with at most one request under way."""

    def __init__(self, target: Target) -> None:
        self._socket = socket.create_connection((target.host, target.port), timeout=TIMEOUT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.send = self._socket.sendall
        self.close = self._socket.close

    def receive(self) -> bytes:
        """One whole answer."""
        answer = self._socket.recv(65536)
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self._more()
        head = answer[:end]
        if (length := CONTENT_LENGTH.search(head)) is None:
            raise Unexpected(f"an answer without its length: {head!r}")
        missing = end + 4 + int(length[1]) - len(answer)
        while missing > 0:
            part = self._more()
            answer += part
            missing -= len(part)
        return answer

    def _more(self) -> bytes:
        if not (part := self._socket.recv(65536)):
            raise Unexpected("the server closed the connection within an answer")
        return part


def load(target: Target, operation: Operation, count: int, connections: int = CONNECTIONS) -> float:
    """Server CPU microseconds a request, or a flow, over `count` of them.

    Raises:
        Unexpected: an answer is not 200 or lacks what the operation expects.
    """
    waiting = iter([_flow(target, operation, each) for each in operation.requests(count)])
    with ExitStack() as stack:
        lines = [stack.enter_context(closing(Connection(target))) for _ in range(min(connections, count))]
        before = cpu_seconds(target.pid)
        busy = [(line, flow) for line in lines if (flow := _begun(line, waiting))]
        while busy:  # one answer from each line in turn, and its next request
            busy = [(line, following) for line, flow in busy if (following := _gone_on(line, flow, waiting))]
        return (cpu_seconds(target.pid) - before) / count * 1_000_000


def _flow(target: Target, operation: Operation, asked: bytes | Flow) -> Flow:
    return _single(target, operation, asked) if isinstance(asked, bytes) else asked


def _single(target: Target, operation: Operation, asked: bytes) -> Flow:
    answer = yield asked
    if not answer.startswith(b"HTTP/1.1 200") or operation.expects not in answer:
        raise Unexpected(f"{target.engine}, {operation.name}: {answer[:600]!r}")


def _begun(line: Connection, waiting: Iterator[Flow]) -> Flow | None:
    flow = next(waiting, None)
    if flow is not None:
        line.send(next(flow))
    return flow


def _gone_on(line: Connection, flow: Flow, waiting: Iterator[Flow]) -> Flow | None:
    try:
        line.send(flow.send(line.receive()))
    except StopIteration:
        return _begun(line, waiting)
    return flow


def compare(
    targets: Sequence[Target], *, count: int, rounds: int, connections: int = CONNECTIONS
) -> dict[tuple[str, str], float]:
    """Medians by (operation, engine), in CPU microseconds a request; the first round only warms up."""
    os.sched_setaffinity(0, {LOAD_CORE})
    figures: dict[tuple[str, str], list[float]] = {}
    names = dict.fromkeys(operation.name for target in targets for operation in target.operations)
    for number in range(rounds + 1):
        for name in names:
            for target in targets:
                for operation in target.operations:
                    if operation.name == name:
                        wanted = count * operation.repeat if number else count
                        figure = load(target, operation, wanted, connections)
                        if number:
                            figures.setdefault((name, target.engine), []).append(figure)
    return {key: median(values) for key, values in figures.items()}
