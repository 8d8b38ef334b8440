"""Redis servers of our own for tests: loopback, in memory alone, ended with the tests."""

from __future__ import annotations

import random
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack, suppress
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

__all__ = ["RedisCluster", "RedisNode"]

_MISSING = "Redis's server is missing; install it: apt-get install -y --no-install-recommends redis-server"
_WAIT_SECONDS = 10
_SLOTS = 16_384
_MASTERS = 3


def _free_port() -> int:
    """A port that, as its cluster bus 10000 above, nobody listens on; below those given to callers."""
    while True:
        port = random.randint(11_000, 22_000)
        with ExitStack() as opened, suppress(OSError):
            for each in (port, port + 10_000):
                opened.enter_context(socket.socket()).bind(("127.0.0.1", each))
            return port


class RedisNode:
    """One server, which can be stopped, started again (empty) and made slow."""

    def __init__(self, folder: Path, *, cluster: bool = False) -> None:
        self.port = _free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self._folder = folder / str(self.port)
        self._folder.mkdir()
        self._cluster = cluster
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it with nothing in it; returns when it answers."""
        program = shutil.which("redis-server")
        assert program is not None, _MISSING
        command = [
            program,
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        if self._cluster:
            command += ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"]
        self._process = subprocess.Popen(command, cwd=self._folder, stdout=subprocess.DEVNULL)
        ends = time.monotonic() + _WAIT_SECONDS
        while not self._answers():
            assert time.monotonic() < ends, "Redis did not start"
            time.sleep(0.01)

    def stop(self) -> None:
        """End it at once; what it held is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def command(self, *words: str | int) -> object:
        """One command of an operator's."""
        with Redis(port=self.port) as client:
            return client.execute_command(*words)

    def slow(self, seconds: float) -> None:
        """Answer nobody for that long."""
        with Redis(port=self.port) as client:
            client.execute_command("CLIENT", "PAUSE", int(seconds * 1000), "ALL")

    def _answers(self) -> bool:
        try:
            return bool(self.command("PING"))
        except RedisError:
            return False


class RedisCluster:
    """Three masters that share the slots; no replicas."""

    def __init__(self, folder: Path) -> None:
        self.nodes = [RedisNode(folder, cluster=True) for _ in range(_MASTERS)]
        self.url = self.nodes[0].url
        for place, node in enumerate(self.nodes):
            first, following = (_SLOTS * each // _MASTERS for each in (place, place + 1))
            node.command("CLUSTER", "SET-CONFIG-EPOCH", place + 1)
            node.command("CLUSTER", "ADDSLOTSRANGE", first, following - 1)
            node.command("CLUSTER", "MEET", "127.0.0.1", self.nodes[0].port)
        self._come_together()

    def stop(self) -> None:
        """End all at once."""
        for node in self.nodes:
            node.stop()

    def start(self) -> None:
        """Start all again: they remember one another, and hold nothing."""
        for node in self.nodes:
            node.start()
        self._come_together()

    def _come_together(self) -> None:
        ends = time.monotonic() + _WAIT_SECONDS
        while not all(map(self._whole, self.nodes)):
            assert time.monotonic() < ends, "the cluster did not come together"
            time.sleep(0.02)

    @staticmethod
    def _whole(node: RedisNode) -> bool:
        told = node.command("CLUSTER INFO")
        assert isinstance(told, dict)
        return (told["cluster_state"], told["cluster_known_nodes"]) == ("ok", str(_MASTERS))
