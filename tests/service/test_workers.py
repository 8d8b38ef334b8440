"""Several workers on PostgreSQL: replaced without losing a request, killed, drained; refused on SQLite."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from typing import Self
from urllib.parse import urlencode

import pytest
import requests

from tests.conftest import shared_postgres
from tests.service.conftest import free_ports
from tests.service.scaled import ScaledServer
from tests.service.server import Server, gone, until

DRAIN_SECONDS = 3


@pytest.fixture(scope="module")
def scaled(tmp_path_factory: pytest.TempPathFactory) -> ScaledServer:
    folder = tmp_path_factory.mktemp("scaled") / "var"
    name = f"workers_{os.getpid()}"
    server = shared_postgres()
    server.create(name)
    found = ScaledServer(
        folder,
        free_ports(1)[0],
        server.dsn(name),
        {"MANYOU_SERVER__DRAIN_SECONDS": str(DRAIN_SECONDS), "MANYOU_WATCH__PORT": str(free_ports(1)[0])},
    )
    found.prepare()
    return found


@pytest.fixture(scope="module")
def process(scaled: ScaledServer) -> Iterator[subprocess.Popen[bytes]]:
    with scaled.running() as found:
        until(lambda: len(scaled.workers(found)) == 2)
        yield found


class Callers:
    """Token requests from several threads, again and again, each on a connection of its own as by a proxy."""

    def __init__(self, server: ScaledServer, threads: int = 4) -> None:
        client = next(each for each in server.facts()["clients"] if each["client_id"] == "records-service")
        pair = f"{client['client_id']}:{client['client_secret']}".encode()
        self._port = server.port
        self._body = urlencode({"grant_type": "client_credentials", "resource": client["resources"][0]})
        self._headers = {
            "Host": f"localhost:{server.port}",
            "Authorization": "Basic " + b64encode(pair).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
            "Connection": "close",
        }
        self.statuses: list[int] = []
        self.faults: list[str] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.statuses.append(self._ask())
            except (OSError, HTTPException) as error:
                self.faults.append(repr(error))
                time.sleep(0.01)

    def _ask(self) -> int:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            connection.request("POST", "/token", self._body, self._headers)
            answer = connection.getresponse()
            assert b"access_token" in answer.read()
            return answer.status
        finally:
            connection.close()


def test_replaced_workers_lose_no_request(scaled: ScaledServer, process: subprocess.Popen[bytes]) -> None:
    with Callers(scaled) as callers:
        scaled.replace_workers(process)
        time.sleep(0.2)
    assert not callers.faults
    assert set(callers.statuses) == {200}
    assert len(callers.statuses) > 50
    assert len(scaled.workers(process)) == 2


def test_a_killed_worker_is_replaced_and_the_other_serves_on(
    scaled: ScaledServer, process: subprocess.Popen[bytes]
) -> None:
    # the elder: one that dies within seconds of its start would end the server
    victim = scaled.workers(process)[0]
    with Callers(scaled) as callers:
        time.sleep(0.2)
        os.kill(victim, signal.SIGKILL)
        until(lambda: gone(victim) and len(set(scaled.workers(process)) - {victim}) == 2)
        time.sleep(0.2)
    assert len(callers.faults) <= 4  # what the victim had in its hands
    assert set(callers.statuses) == {200}
    assert until(scaled.ready)


def test_what_all_workers_counted_is_told_on_a_listener_of_its_own(
    scaled: ScaledServer, process: subprocess.Popen[bytes]
) -> None:
    with Callers(scaled) as callers:
        assert requests.post(f"{scaled.origin}/token", timeout=5).status_code == 401
        time.sleep(0.2)
    tokens = 'manyou_requests_total{endpoint="POST /token",status="2xx"} '

    def counted() -> str | None:
        text = scaled.watched("metrics")[1]
        found = sum(int(line.removeprefix(tokens)) for line in text.splitlines() if line.startswith(tokens))
        told = 'manyou_refusals_total{code="invalid_client"}' in text and "manyou_workers 2\n" in text
        return text if told and found >= len(callers.statuses) > 0 else None

    text = until(counted)
    assert 'manyou_queue_length{queue="ledger"}' in text
    assert scaled.watched("livez") == (200, "ok")
    assert requests.get(f"{scaled.origin}/metrics", timeout=5).status_code == 404


def test_told_to_end_it_serves_on_while_it_drains_and_finishes_what_it_took(
    scaled: ScaledServer, process: subprocess.Popen[bytes]
) -> None:
    assert until(lambda: scaled.watched("readyz") == (200, "ok"))
    with Callers(scaled) as callers:
        time.sleep(0.2)
        process.terminate()
        assert until(lambda: scaled.watched("readyz") == (503, "draining"), DRAIN_SECONDS - 1)
        assert not callers.faults
        assert requests.get(f"{scaled.origin}/ready", timeout=5).ok
    assert not callers.faults
    assert process.wait(10) == 0
    assert "Traceback" not in scaled.log.read_text("utf-8")


def test_several_workers_need_postgresql(scaled: ScaledServer) -> None:
    embedded = Server(scaled.folder, scaled.port, {"MANYOU_SERVER__WORKERS": "2"})
    refused = embedded.beside("serve")
    assert refused.returncode == 1
    assert "server.workers: " in refused.stderr
