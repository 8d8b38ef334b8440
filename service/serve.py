"""The server process: granian in front, one worker that holds the house, or several on PostgreSQL.

The parent stays small: it forks the workers, which alone import the rooms. A worker that loses its parent
dies with it, so that a killed server never leaves half of itself on the folder; one that dies is replaced,
unless it died at its start. SIGTERM and SIGINT end: not ready first, for ``drain_seconds``, then no new
request, and those under way finish; the second signal waits no longer. SIGHUP replaces the workers one after
the other and loses no request: all accept from one socket, which the parent holds. The embedded database
bears one server at a time, so there SIGHUP ends it too.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import signal
import socket
import sys
import time
from multiprocessing import parent_process, util
from typing import TYPE_CHECKING, NoReturn

from manyou.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from service.house import House
    from service.watch.listener import Listener
    from service.watch.metrics import Metrics
    from store import Engine
    from web.application import WSGI

__all__ = ["AddressInUse", "check_address", "die_with_parent", "serve", "worker_application"]

_PR_SET_PDEATHSIG = 1
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
FINISH_SECONDS = 30
"""Longer than any request takes; what is stuck after it is killed."""
STORE_SECONDS = 60
"""A database server is started again within this, or an operator is wanted."""
STORE_PAUSE_SECONDS = 0.25
GARBAGE_AFTER = 20_000
"""Objects that begin a search for garbage cycles; requests make hardly any."""
TURN_SECONDS = 0.05
"""How long a thread may wait for the interpreter before it demands it. No request computes that long;
at Python's 5 ms each waiting thread wakes for nothing 200 times a second."""


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
    """Keep glibc from holding what many threads once needed (mallopt(3)).

    Few arenas instead of eight a core, and a password hash's 19 MiB go back to the system when it is done:
    once freed, a large block would else raise the bound below which freed memory is kept.
    """
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(_M_ARENA_MAX, 2)
        library.mallopt(_M_MMAP_THRESHOLD, 1 << 20)


def worker_application() -> WSGI:
    """Build the house in a worker; granian calls it once."""
    if parent := parent_process():
        die_with_parent(parent.pid or 0)
        # Ctrl-C is the parent's to hear: granian's worker can hang over it and SIGTERM at once
        os.setpgid(0, 0)
    from service.listening import accept_no_more_when_told

    accept_no_more_when_told()
    give_memory_back()
    work_in_batches()
    gc.disable()  # nothing that is loaded now is ever let go
    from manyou.errors import Problem
    from service import logs
    from service.house import House
    from service.loading import SettingsFault
    from service.settings import file_faults, load_settings
    from service.watch.reporting import REPORTS

    logs.begin()
    try:
        settings = load_settings(os.environ)
        if faults := file_faults(settings):
            raise SettingsFault(faults)
        metrics = _counting() if REPORTS in os.environ else None
        house = _when_the_store_answers(lambda: House.open(settings, metrics=metrics), settings.store.engine)
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


def _counting() -> Metrics:
    from service.watch.metrics import Metrics, Refusals

    metrics = Metrics()
    logging.getLogger("web").addHandler(Refusals(metrics))
    return metrics


def _when_the_store_answers(open_house: Callable[[], House], engine: Engine) -> House:
    """Open the house; a database that is only just starting, or starting again, is waited for."""
    ends = time.monotonic() + (STORE_SECONDS if engine == "postgres" else 0)
    while True:
        try:
            return open_house()
        except Unavailable as away:
            if type(away) is not Unavailable or time.monotonic() > ends:
                raise
            time.sleep(STORE_PAUSE_SECONDS)


def _give_up(reason: str) -> NoReturn:
    """End at the start with what an operator can mend instead of a trace."""
    sys.stderr.write(f"The service cannot start. {reason}\n")
    sys.stderr.flush()
    os._exit(1)


def serve(
    address: str,
    port: int,
    *,
    threads: int,
    workers: int = 1,
    rolling: bool = False,
    drain_seconds: int = 0,
    watch: tuple[str, int] | None = None,
    tls: tuple[Path, Path] | None = None,
) -> None:
    """Run until SIGTERM or SIGINT.

    Args:
        address: listens here.
        port: listens here.
        threads: of each worker.
        workers: processes.
        rolling: SIGHUP replaces the workers instead of ending too.
        drain_seconds: from the signal to the end of accepting.
        tls: certificate and key, where no proxy in front has them.
        watch: where ``/livez``, ``/readyz`` and ``/metrics`` are asked.

    Raises:
        AddressInUse: before anything is started.
        SystemExit: 1, when the worker could not start or died twice within seconds.
    """
    from granian.constants import HTTPModes, Interfaces, RuntimeModes, SSLProtocols
    from granian.log import LogLevels

    from service.ending import Ending
    from service.listening import OneSocket

    check_address(address, port)
    listener = _watching(watch) if watch is not None else None
    server = OneSocket(
        "service.serve:worker_application",
        factory=True,
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        runtime_mode=RuntimeModes.st,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=FINISH_SECONDS,
        log_level=LogLevels.critical,
        log_access=False,
        ssl_cert=tls[0] if tls else None,
        ssl_key=tls[1] if tls else None,
        ssl_protocol_min=SSLProtocols.tls12,
        http=HTTPModes.http1,  # as from a proxy: each request has its Host, and its cookies in one line
    )
    server.gentle = rolling
    # a worker that ends within seconds of this, or of being replaced, is not tried again
    server.respawned_wrks.update(dict.fromkeys(range(workers), time.monotonic()))
    ending = Ending(
        server.signal_handler_interrupt,
        drain_seconds=drain_seconds,
        rolling=rolling,
        draining=listener.drain if listener is not None else lambda: None,
    )
    server.on_startup(ending.listen)
    try:
        server.serve()
    finally:
        if listener is not None:
            listener.close()


def _watching(where: tuple[str, int]) -> Listener:
    from service.watch.listener import Listener
    from service.watch.reporting import REPORTS

    check_address(*where)
    listener = Listener(*where)
    os.environ[REPORTS] = listener.reports  # the workers are told
    listener.start()
    return listener


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
