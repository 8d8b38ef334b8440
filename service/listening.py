"""One listening socket for all workers, and workers that are replaced without losing a request.

On Linux granian gives every worker a socket of its own on the same port (SO_REUSEPORT). Connections that wait
in the queue of a worker that is replaced are reset then. With one queue, held by the parent, the others or
the next worker take them.

A worker that is told to end closes connections on which no request has arrived, those too that it has only
just accepted. So it is told in two steps: accept no more, and, when what it accepted was sent, end.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from granian.server import MPServer
from granian.server.mp import WorkerProcess

if TYPE_CHECKING:
    from typing_extensions import override
else:  # six MiB in a parent that needs nothing else of it

    def override(method: object) -> object:
        """Mark a method for the type checker."""
        return method


__all__ = ["OneSocket", "accept_no_more_when_told"]

ACCEPT_NO_MORE = signal.SIGUSR1
ARRIVING_SECONDS = 0.5
"""A proxy sends its request as soon as it is connected."""


class OneSocket(MPServer):
    """granian as it listens where SO_REUSEPORT is not to be had; ``gentle`` ends workers in two steps."""

    gentle = False

    @override
    def _init_shared_socket(self) -> None:
        super()._init_shared_socket()  # type: ignore[no-untyped-call]  # theirs
        if self._ssp is not None:
            self._shd = self._ssp.build()
            self._sfd = self._shd.get_fd()
            self._ssp = None

    @override
    def _spawn_worker(self, idx: int, target: Any, callback_loader: Any) -> WorkerProcess:  # type: ignore[override]  # as theirs
        worker: WorkerProcess = super()._spawn_worker(idx, target, callback_loader)
        if self.gentle:
            worker.__class__ = _GentlyEnded
        return worker


class _GentlyEnded(WorkerProcess):
    @override
    def terminate(self) -> None:
        if self.is_alive():  # type: ignore[no-untyped-call]  # theirs
            with suppress(OSError):
                os.kill(self.inner.pid, ACCEPT_NO_MORE)
            time.sleep(ARRIVING_SECONDS)
        super().terminate()  # type: ignore[no-untyped-call]  # theirs


def accept_no_more_when_told() -> None:
    """In a worker: leave the queue to the others from the signal on. Called in the main thread."""
    signal.signal(ACCEPT_NO_MORE, lambda _signal, _frame: _leave_the_queue())


def _leave_the_queue() -> None:
    """Take listening sockets out of what this process polls; the runtime is told of no more connections."""
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # one that was closed meanwhile
            if str(descriptor.readlink()) == "anon_inode:[eventpoll]":
                _forget_listening(int(descriptor.name))


def _forget_listening(poll: int) -> None:
    lines = Path(f"/proc/self/fdinfo/{poll}").read_text().splitlines()
    for polled in [int(line.split()[1]) for line in lines if line.startswith("tfd:")]:
        with suppress(OSError), socket.socket(fileno=os.dup(polled)) as each:
            if each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                select.epoll.fromfd(os.dup(poll)).unregister(polled)
