"""A server in processes of its own, as `manyou serve --demo` starts it, and commands beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

__all__ = ["Server", "gone", "until"]

MANYOU = str(Path(sys.executable).with_name("manyou"))
WAIT_SECONDS = 30


def until(what: Any, seconds: float = WAIT_SECONDS) -> Any:
    """What the function gives as soon as it gives anything; an AssertionError when it does not in time."""
    ends = time.monotonic() + seconds
    while True:
        if found := what():
            return found
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """Whether no process of that id runs any more; one that is only not yet waited for counts as gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


class Server:
    """`manyou serve --demo --no-halls` on a folder and port."""

    def __init__(self, folder: Path, port: int, environ: Mapping[str, str] | None = None) -> None:
        self.folder, self.port = folder, port
        self.origin = f"http://localhost:{port}"
        self.environ = {**os.environ, **(environ or {})}
        self.command = [MANYOU, "serve", "--demo", "--no-halls", "--folder", str(folder), "--port", str(port)]
        self.log = folder.with_suffix(".log")

    def start(self) -> subprocess.Popen[bytes]:
        """Start it in a process group of its own, without waiting."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self.command, env=self.environ, stdout=log, stderr=log, start_new_session=True
            )

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """Started and ready; told to end if it still runs."""
        process = self.start()
        try:
            until(lambda: self.ready() or process.poll() is not None)
            assert process.poll() is None, self.log.read_text("utf-8")
            yield process
        finally:
            process.terminate()
            process.wait(WAIT_SECONDS)

    def ready(self) -> bool:
        """Whether it answers."""
        try:
            return requests.get(f"{self.origin}/ready", timeout=5).ok
        except requests.ConnectionError:
            return False

    def facts(self) -> dict[str, Any]:
        """What testers are told."""
        found: dict[str, Any] = json.loads((self.folder / "demo.json").read_text("utf-8"))
        return found

    def beside(self, *arguments: str, seconds: float = WAIT_SECONDS) -> subprocess.CompletedProcess[str]:
        """A command on the same settings while the server runs."""
        command = [MANYOU, "--settings", str(self.folder / "manyou.toml"), *arguments]
        return subprocess.run(
            command, env=self.environ, capture_output=True, text=True, timeout=seconds, check=False
        )
