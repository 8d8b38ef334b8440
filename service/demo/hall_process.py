"""``python -m service.demo.hall_process PORT`` in a hall's folder: serve its ``app:app``."""

from __future__ import annotations

import os
import sys

from granian import Granian
from granian.constants import Interfaces

from service.serve import die_with_parent

if __name__ == "__main__":
    die_with_parent()
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - the hall's own folder, as granian would have it
    Granian(
        "app:app",
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.WSGI,
        blocking_threads=4,
        websockets=False,
        log_enabled=False,
    ).serve()
