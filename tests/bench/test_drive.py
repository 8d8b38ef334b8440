"""The load generator counts a server's CPU, children included, and takes no wrong answer for a figure."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from bench.drive import Operation, Target, Unexpected, cpu_seconds, load, process_tree, request

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"


def serve(listener: socket.socket, answer: bytes) -> None:
    def talk(line: socket.socket) -> None:
        with line, suppress(ConnectionError):
            while line.recv(4096):
                for part in (answer[:20], answer[20:]):  # answers come in pieces
                    line.sendall(part)

    while True:
        try:
            line, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=talk, args=(line,), daemon=True).start()


@pytest.fixture
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener, request.param), daemon=True).start()
        yield Target("test", "127.0.0.1", listener.getsockname()[1], os.getpid(), ())
        listener.shutdown(socket.SHUT_RDWR)


def operation(expects: bytes = b"good") -> Operation:
    return Operation("ask", lambda count: [request("GET", "/", "localhost")] * count, expects)


@pytest.mark.parametrize("target", [ANSWER], indirect=True)
@pytest.mark.parametrize("connections", [1, 3, 16])
def test_every_request_is_answered_and_paid(target: Target, connections: int) -> None:
    assert 1 < load(target, operation(), 10, connections) < 100_000


@pytest.mark.parametrize(
    "target",
    [
        ANSWER.replace(b"200 OK", b"401 No"),
        ANSWER.replace(b"good", b"evil"),
        b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n",
    ],
    indirect=True,
)
def test_another_answer_is_no_figure(target: Target) -> None:
    with pytest.raises(Unexpected):
        load(target, operation(), 4)


def test_cpu_of_children_counts() -> None:
    burn = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass\n"
    parent = (
        f"import subprocess, sys, time; subprocess.run([sys.executable, '-c', {burn + 'time.sleep(60)'!r}])"
    )
    process = subprocess.Popen([sys.executable, "-c", parent])
    try:
        ends = time.monotonic() + 20
        while cpu_seconds(process.pid) < 0.3 and time.monotonic() < ends:
            time.sleep(0.05)
        assert cpu_seconds(process.pid) >= 0.3
        children = process_tree(process.pid)[1:]
        assert len(children) == 1
        assert time.clock_gettime((~process.pid << 3) | 2) < 0.3
    finally:
        for pid in reversed(process_tree(process.pid)):
            os.kill(pid, 9)
        process.wait()


def test_a_request_is_written_as_http_has_it() -> None:
    written = request("POST", "/token", "localhost:1", {"Authorization": "Basic x"}, b"a=b")
    head, _, body = written.partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"POST /token HTTP/1.1"
    assert b"Content-Length: 3" in head
    assert body == b"a=b"
