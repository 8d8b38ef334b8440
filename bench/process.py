"""Starting what is measured: one process, on one core, stopped again whatever happens."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

__all__ = ["free_port", "running"]


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], core: int, settings: Mapping[str, str], ready: bytes | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """The command on one core; where `ready` is given, once its output says so."""
    process = subprocess.Popen(
        ["taskset", "--cpu-list", str(core), *command],
        env={**os.environ, **settings},
        stdout=subprocess.PIPE if ready else subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    try:
        if ready and not any(ready in line for line in process.stdout or ()):
            raise RuntimeError(f"{command[0]} did not start")
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=20)
