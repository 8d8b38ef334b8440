"""``python -m service.demo.hall_process PORT PARENT [CERTIFICATE KEY]`` in a hall's folder: its ``app:app``.

PARENT is the process to end with; with certificate and key, files, over https.
"""

from __future__ import annotations

import os
import sys
from multiprocessing import parent_process
from pathlib import Path
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
    from granian.constants import HTTPModes, Interfaces, SSLProtocols

    files = sys.argv[3:]
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
        ssl_cert=Path(files[0]) if files else None,
        ssl_key=Path(files[1]) if files else None,
        ssl_protocol_min=SSLProtocols.tls12,
        http=HTTPModes.http1,
    ).serve()


if __name__ == "__main__":
    main()
