"""The server process: granian in front, one worker that holds the house.

The parent stays small: it forks the worker, which alone imports the rooms. A worker that loses its parent
dies with it, so that a killed server never leaves half of itself on the folder; one that dies is replaced,
unless it died at its start. SIGTERM, SIGINT and SIGHUP end: no new request, those under way finish.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import socket
import sys
import time
from multiprocessing import parent_process, util
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from web.application import WSGI

__all__ = ["AddressInUse", "check_address", "die_with_parent", "serve", "worker_application"]

_PR_SET_PDEATHSIG = 1
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
FINISH_SECONDS = 30
"""Longer than any request takes; what is stuck after it is killed."""


GARBAGE_AFTER = 20_000
"""Objects that begin a search for garbage cycles; requests make hardly any."""
TURN_SECONDS = 0.05
"""How long a thread may wait for the interpreter before it demands it. No request computes that long;
at Python's 5 ms each waiting thread of 64 wakes for nothing 200 times a second."""


class AddressInUse(Exception):
    """Somebody listens there already; the message says where."""


def die_with_parent(parent: int) -> None:
    """Ask Linux to kill this process when its parent, the process of that id, ends (prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before we could ask
        os._exit(1)


def work_in_batches() -> None:
    """Ask Linux not to let a thread that wakes push aside the one that runs (sched(7), SCHED_BATCH).

    Whoever wakes here wants the interpreter, which the other one holds: the change of threads would be for
    nothing. A code exchange costs a tenth less for it.
    """
    if hasattr(os, "SCHED_BATCH"):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def give_memory_back() -> None:
    """Keep glibc from holding what 64 threads once needed (mallopt(3)).

    Few arenas instead of eight a core, and a password hash's 19 MiB go back to the system when it is done:
    once freed, a large block would else raise the bound below which freed memory is kept.
    """
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(_M_ARENA_MAX, 2)
        library.mallopt(_M_MMAP_THRESHOLD, 1 << 20)


def worker_application() -> WSGI:
    """Build the house in the worker; granian calls it once."""
    if parent := parent_process():
        die_with_parent(parent.pid or 0)
        # Ctrl-C is the parent's to hear: granian's worker can hang over it and SIGTERM at once
        os.setpgid(0, 0)
    give_memory_back()
    work_in_batches()
    gc.disable()  # nothing that is loaded now is ever let go
    from manyou.errors import Problem
    from service import logs
    from service.house import House
    from service.loading import SettingsFault
    from service.settings import file_faults, load_settings

    logs.begin()
    try:
        settings = load_settings(os.environ)
        if faults := file_faults(settings):
            raise SettingsFault(faults)
        house = House.open(settings)
    except SettingsFault as fault:
        _give_up("\n".join(["settings:", *fault.faults]))
    except Problem as problem:
        _give_up(f"{problem}. {problem.mend}")
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)
    gc.enable()
    sys.setswitchinterval(TURN_SECONDS)
    house.start()
    # granian ends the worker as multiprocessing does, without atexit; by then no request is under way
    util.Finalize(None, house.close, exitpriority=0)
    return house.application


def _give_up(reason: str) -> NoReturn:
    """End at the start with what an operator can mend instead of a trace."""
    sys.stderr.write(f"The service cannot start. {reason}\n")
    sys.stderr.flush()
    os._exit(1)


def serve(address: str, port: int, *, threads: int) -> None:
    """Run until SIGTERM, SIGINT or SIGHUP.

    Raises:
        AddressInUse: before anything is started.
        SystemExit: 1, when the worker could not start or died twice within seconds.
    """
    from granian import Granian
    from granian.constants import Interfaces, RuntimeModes
    from granian.log import LogLevels

    check_address(address, port)
    server = Granian(
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
        workers_kill_timeout=FINISH_SECONDS,
        log_level=LogLevels.critical,
        log_access=False,
    )
    # a worker that ends within seconds of this, or of being replaced, is not tried again
    server.respawned_wrks[0] = time.monotonic()
    hang_up = signal.getsignal(signal.SIGHUP)

    def no_second_worker() -> None:
        # granian would start another worker beside the first, which the folder's lock refuses
        signal.signal(
            signal.SIGHUP, hang_up if hang_up is signal.SIG_IGN else server.signal_handler_interrupt
        )

    server.on_startup(no_second_worker)
    server.serve()


def check_address(address: str, port: int) -> None:
    """Refuse an address that is taken: granian shares it, and each server would get half of the requests.

    Raises:
        AddressInUse: it is taken, or not this machine's.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # closed connections do not hinder
        try:
            probe.bind((address, port))
        except OSError as error:
            raise AddressInUse(f"{address}:{port}: {error.strerror}") from error
