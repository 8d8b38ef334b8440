"""``python -m service.demo.hall_process PORT PARENT`` in a hall's folder: serve its ``app:app``.

PARENT is the process to end with.
"""

from __future__ import annotations

import os
import sys
from multiprocessing import parent_process
from typing import Any

from service.serve import die_with_parent

__all__ = ["application", "main"]


def application() -> Any:
    """The hall's own ``app``, in granian's worker."""
    if parent := parent_process():
        die_with_parent(parent.pid or 0)
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - the hall's own folder, as granian would have it
    from app import app  # type: ignore[import-not-found]  # the hall's

    return app


def main() -> None:
    """Serve until told to stop."""
    from granian import Granian
    from granian.constants import Interfaces

    die_with_parent(int(sys.argv[2]))
    Granian(
        "service.demo.hall_process:application",
        factory=True,
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.WSGI,
        blocking_threads=4,
        websockets=False,
        log_enabled=False,
    ).serve()


if __name__ == "__main__":
    main()
