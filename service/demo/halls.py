"""The two demo halls, each a process of its own as a foreign hall would be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.demo.folder import Demo

__all__ = ["Halls"]

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
NAMES = ("hall_a", "hall_b")


class Halls:
    """Started at once; they end with this process at the latest."""

    def __init__(self, demo: Demo) -> None:
        environment = {**os.environ, "MANYOU_DEMO": str(demo.facts_file.resolve())}
        if demo.ca_file is not None:
            environment["REQUESTS_CA_BUNDLE"] = str(demo.ca_file)
        files = [str(each.resolve()) for each in demo.certificate or ()]
        self._processes = [
            subprocess.Popen(  # noqa: S603 - our own interpreter and module, numbers as arguments
                [sys.executable, "-m", "service.demo.hall_process", str(port), str(os.getpid()), *files],
                cwd=EXAMPLES / name,
                env=environment,
                process_group=0,  # Ctrl-C is this process's to hear, and to end them
            )
            for name, port in zip(NAMES, demo.hall_ports, strict=True)
        ]

    def stop(self) -> None:
        """End both."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(10)
