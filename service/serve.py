"""The server process: granian in front, one worker that holds the house, and in the demo the two halls.

The parent stays small: it forks the worker, which alone imports the rooms. A worker that loses its parent
dies with it, so that a killed server never leaves a half one on the folder.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from web.application import WSGI

__all__ = ["SETTINGS_FILE", "hall_processes", "serve", "worker_application"]

SETTINGS_FILE = "MANYOU_SETTINGS"
"""Environment variable that tells the worker which settings file the parent was started with."""

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask Linux to kill this process when its parent ends (prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def worker_application() -> WSGI:
    """Build the house in the worker; granian calls it once."""
    die_with_parent()
    from service.house import House
    from service.settings import load_settings

    house = House.open(load_settings(os.environ))
    house.start()
    return house.application


def serve(address: str, port: int, *, threads: int) -> None:
    """Run until SIGTERM or SIGINT."""
    from granian import Granian
    from granian.constants import Interfaces

    server = Granian(
        "service.serve:worker_application",
        factory=True,
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=threads,
        websockets=False,
        respawn_failed_workers=True,
        process_name="manyou",
        log_access=False,
    )
    server.serve()


def hall_processes(demo_file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start the two demo halls, each a process of its own as a foreign hall would be."""
    checkout = Path(__file__).parent.parent
    environment = {**os.environ, "MANYOU_DEMO": str(demo_file.resolve())}
    for name, port in (("hall_a", 8001), ("hall_b", 8002)):
        command = [sys.executable, "-m", "granian", "app:app", "--interface", "wsgi"]
        command += ["--host", "127.0.0.1", "--port", str(port), "--blocking-threads", "4", "--no-ws"]
        yield subprocess.Popen(
            command, cwd=checkout / "examples" / name, env=environment, preexec_fn=die_with_parent
        )
