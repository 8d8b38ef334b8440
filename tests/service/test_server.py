"""The server as processes: how it begins, how it ends, and what it refuses to begin with."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest

from service.demo.folder import Demo
from tests.service.conftest import HIDDEN, free_ports
from tests.service.server import Server, gone, until


@pytest.fixture(scope="module")
def server(demo: Demo) -> Server:
    return Server(demo.folder, demo.port)


@pytest.fixture
def process(server: Server) -> Iterator[subprocess.Popen[bytes]]:
    with server.running() as found:
        yield found


def worker_of(process: subprocess.Popen[bytes]) -> int:
    tasks = Path(f"/proc/{process.pid}/task").glob("*/children")
    return int(" ".join(each.read_text() for each in tasks).split()[0])


def test_a_beginning_that_was_killed_is_begun_anew(tmp_path: Path) -> None:
    server = Server(tmp_path / "demo", free_ports(1)[0])
    for name, seconds in (("master.key", 0.0), ("durable.sqlite", 0.2)):
        process = server.start()
        until((server.folder / name).exists)
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert not (server.folder / "demo.json").exists(), "it was too quick: kill sooner"
    with server.running():
        assert len(server.facts()["licences"]) == 5


def test_a_worker_that_loses_its_parent_dies(server: Server, process: subprocess.Popen[bytes]) -> None:
    worker = worker_of(process)
    process.kill()
    until(lambda: gone(worker), 2)
    with server.running():  # the folder and the port are free again
        pass


def numbered(place: int) -> str:
    """An ID number that nobody has, another for each place, so that no delay of an account sets in."""
    digits = f"35000019800101{place:03}"
    total = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(digits))
    return digits + "10X98765432"[total % 11]


class InFlight:
    """Logins that make the server hash a password, one on each of many connections."""

    def __init__(self, port: int, count: int) -> None:
        self.statuses: list[int] = []
        self._sent = [threading.Event() for _ in range(count)]
        connections = [HTTPConnection("localhost", port, timeout=20) for _ in range(count)]
        forms = [self._form(connection) for connection in connections]
        self._threads = [
            threading.Thread(target=self._send, args=(connection, form, numbered(place), sent))
            for place, (connection, form, sent) in enumerate(zip(connections, forms, self._sent, strict=True))
        ]

    def _form(self, connection: HTTPConnection) -> tuple[str, str]:
        connection.request("GET", "/login")
        answer = connection.getresponse()
        cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
        hidden = HIDDEN.search(answer.read().decode())
        assert hidden
        return hidden[1], cookie

    def _send(
        self, connection: HTTPConnection, form: tuple[str, str], number: str, sent: threading.Event
    ) -> None:
        body = urlencode({"csrf": form[0], "identifier": number, "password": "wrong one"})
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": form[1],
            "Origin": f"http://localhost:{connection.port}",
        }
        connection.request("POST", "/login", body, headers)
        sent.set()
        answer = connection.getresponse()
        if answer.read().rstrip().endswith(b"</html>"):
            self.statuses.append(answer.status)
        connection.close()

    def send(self) -> None:
        for thread in self._threads:
            thread.start()
        for sent in self._sent:
            sent.wait()

    def wait(self) -> list[int]:
        for thread in self._threads:
            thread.join()
        return self.statuses


def test_requests_under_way_finish_when_it_is_told_to_end(
    server: Server, process: subprocess.Popen[bytes]
) -> None:
    logins = InFlight(server.port, 16)
    logins.send()
    time.sleep(0.05)
    assert not logins.statuses, "nothing was under way any more"
    process.terminate()
    statuses = logins.wait()
    assert statuses == [403] * 16  # whole pages, each refusing the login
    assert process.wait(10) == 0
    assert not (server.folder / "durable.sqlite-wal").exists()
    assert "Traceback" not in server.log.read_text("utf-8")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_to_the_whole_group_ends_it(process: subprocess.Popen[bytes], name: str) -> None:
    """A terminal sends Ctrl-C to every process of the group, a service manager SIGTERM."""
    worker = worker_of(process)
    os.killpg(process.pid, getattr(signal, name))
    assert process.wait(10) == 0
    assert gone(worker)


def test_a_second_server_is_refused_in_one_line(server: Server, process: subprocess.Popen[bytes]) -> None:
    same_port = subprocess.run(server.command, capture_output=True, text=True, timeout=20, check=False)
    assert (same_port.returncode, same_port.stdout) == (1, "")
    assert same_port.stderr.startswith("Error: another server listens on 127.0.0.1:")
    elsewhere = Server(server.folder, free_ports(1)[0], {"MANYOU_SERVER__PORT": str(free_ports(1)[0])})
    refused = elsewhere.beside("serve")
    assert refused.returncode == 1
    assert "two servers never share one embedded database" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert server.ready()


def test_a_folder_keeps_its_addresses(server: Server) -> None:
    moved = Server(server.folder, free_ports(1)[0])
    refused = subprocess.run(moved.command, capture_output=True, text=True, timeout=20, check=False)
    assert refused.returncode == 1
    assert f"was begun for {server.origin}: " in refused.stderr


def test_what_is_dangerous_does_not_start(server: Server) -> None:
    production = Server(server.folder, server.port, {"MANYOU_ENVIRONMENT": "production"})
    refused = production.beside("serve")
    assert refused.returncode == 1
    assert "transport: LocalDemo" in refused.stderr
    assert "demo: " in refused.stderr
    assert "Traceback" not in refused.stderr
