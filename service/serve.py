"""The server process: granian in front, one worker that holds the house.

The parent stays small: it forks the worker, which alone imports the rooms. A worker that loses its parent
dies with it, so that a killed server never leaves half of itself on the folder.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from web.application import WSGI

__all__ = ["die_with_parent", "serve", "worker_application"]

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask Linux to kill this process when its parent ends (prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def worker_application() -> WSGI:
    """Build the house in the worker; granian calls it once."""
    die_with_parent()
    from service import logs
    from service.house import House
    from service.settings import load_settings

    logs.begin()
    house = House.open(load_settings(os.environ))
    house.start()
    return house.application


def serve(address: str, port: int, *, threads: int) -> None:
    """Run until SIGTERM or SIGINT."""
    from granian import Granian
    from granian.constants import Interfaces, RuntimeModes
    from granian.log import LogLevels

    Granian(
        "service.serve:worker_application",
        factory=True,
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=threads,
        runtime_mode=RuntimeModes.st,
        websockets=False,
        respawn_failed_workers=True,
        log_level=LogLevels.error,
        log_access=False,
    ).serve()
