"""One listening socket for all workers, held by the parent.

On Linux granian gives every worker a socket of its own on the same port (SO_REUSEPORT). Connections that wait
in the queue of a worker that is replaced are reset then, which loses requests. With one queue the others, or
the next worker, take them.
"""

from __future__ import annotations

from granian.server import MPServer
from typing_extensions import override

__all__ = ["OneSocket"]


class OneSocket(MPServer):
    """granian as it listens where SO_REUSEPORT is not to be had."""

    @override
    def _init_shared_socket(self) -> None:
        super()._init_shared_socket()  # type: ignore[no-untyped-call]  # theirs
        if self._ssp is not None:
            self._shd = self._ssp.build()
            self._sfd = self._shd.get_fd()
            self._ssp = None
