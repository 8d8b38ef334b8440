"""The server as it runs scaled: the demo province on PostgreSQL, two workers, `manyou serve` by settings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import requests
from typing_extensions import override

from tests.service.server import MANYOU, Server, until

__all__ = ["ScaledServer"]

_PREPARE = "import sys; from pathlib import Path; from service.demo.folder import Demo, prepare; "
_PREPARE += "prepare(Demo(Path(sys.argv[1]), int(sys.argv[2]), tls=sys.argv[3] == 'True'))"


class ScaledServer(Server):
    """Workers on an empty, migrated database, where the demo province is put first."""

    def __init__(self, folder: Path, port: int, dsn: str, environ: Mapping[str, str]) -> None:
        folder.mkdir()
        dsn_file = folder / "dsn"
        dsn_file.touch(0o600)
        dsn_file.write_text(dsn)
        scaled = {
            "MANYOU_STORE__ENGINE": "postgres",
            "MANYOU_STORE__DSN_FILE": str(dsn_file),
            "MANYOU_STORE__CONNECTIONS": "8",
            "MANYOU_SERVER__WORKERS": "2",
            **environ,
        }
        super().__init__(folder, port, scaled)
        self.command = [MANYOU, "--settings", str(folder / "manyou.toml"), "serve"]

    def prepare(self, port: int | None = None, *, tls: bool = False) -> None:
        """Put the demo province into the database; `port`: the one that a proxy in front listens on."""
        command = [sys.executable, "-c", _PREPARE, str(self.folder), str(port or self.port), str(tls)]
        subprocess.run(command, env=self.environ, check=True, timeout=60)

    @override
    def ready(self) -> bool:
        """Whether all of its workers answer, by the listener for operators."""
        try:
            return self.watched("readyz")[0] == 200 and "manyou_workers 2\n" in self.watched("metrics")[1]
        except requests.ConnectionError:
            return False

    def watched(self, name: str) -> tuple[int, str]:
        """What the listener for operators says: livez, readyz or metrics."""
        answer = requests.get(f"http://127.0.0.1:{self.environ['MANYOU_WATCH__PORT']}/{name}", timeout=5)
        return answer.status_code, answer.text

    def workers(self, process: subprocess.Popen[bytes]) -> list[int]:
        """The process ids of its workers."""
        tasks = Path(f"/proc/{process.pid}/task").glob("*/children")
        return [int(each) for task in tasks for each in task.read_text().split()]

    def replace_workers(self, process: subprocess.Popen[bytes]) -> None:
        """Ask for new workers, and wait until none of the old ones is left."""
        old = set(self.workers(process))
        os.kill(process.pid, signal.SIGHUP)
        until(lambda: not old & set(self.workers(process)))
