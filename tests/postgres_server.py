"""A PostgreSQL server of our own for tests and benchmarks: Unix socket only, fsync on, never run as root."""

from __future__ import annotations

import fcntl
import os
import pwd
import random
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import psycopg

from store import StoreSettings, migrate, open_durable

__all__ = ["Server", "ServerMissing"]

_MISSING = "PostgreSQL's server is missing; install it: apt-get install -y --no-install-recommends postgresql"
_TEMPLATE = "manyou_template"


class ServerMissing(Exception):
    """The server's programs are not installed; the message says how to install them."""


class Server:
    """A server in a folder of its own, which must exist and be empty at first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = folder / "data"
        self._port_file = folder / "port"
        self._user = "nobody" if os.geteuid() == 0 else ""

    def dsn(self, database: str) -> str:
        port = self._port_file.read_text(encoding="ascii")
        return f"host={self._folder} port={port} user=manyou dbname={database}"

    def start_once(self) -> None:
        """Start it and make the template, unless another process has; raise ServerMissing."""
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._port_file.exists():
                return
            port = random.randint(20_000, 60_000)  # names the socket's file only
            if self._user:
                shutil.chown(self._folder, self._user)
            self._run("initdb", "--auth=trust", "--username=manyou", "--encoding=UTF8", "--no-instructions")
            self._port_file.write_text(str(port), encoding="ascii")
            try:
                self.start()
                self._make_template()
            except BaseException:
                self._port_file.unlink()
                raise

    def create(self, database: str) -> None:
        """Create an empty, migrated database."""
        self._sql(f"CREATE DATABASE {database} TEMPLATE {_TEMPLATE}")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server, keeping its data."""
        self._run("pg_ctl", "stop", "-m", mode)

    def start(self) -> None:
        """Start it again on the same socket."""
        options = (
            f"-p {self._port_file.read_text(encoding='ascii')} -k {self._folder} -c listen_addresses= "
            "-c max_connections=200 -c shared_buffers=64MB -c max_wal_size=4GB -c autovacuum=off -c fsync=on"
        )
        self._run("pg_ctl", "start", "-w", "-l", str(self._folder / "log"), "-o", options)

    def remove(self) -> None:
        """Stop the server and delete everything."""
        if self._port_file.exists():
            with suppress(subprocess.CalledProcessError):  # a test stopped it
                self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _sql(self, text: str) -> None:
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(text.encode())

    def _make_template(self) -> None:
        self._sql(f"CREATE DATABASE {_TEMPLATE}")
        dsn_file = self._folder / "dsn"
        dsn_file.write_text(self.dsn(_TEMPLATE), encoding="utf-8")
        durable = open_durable(StoreSettings(engine="postgres", dsn_file=dsn_file))
        migrate(durable)
        durable.close()

    def _run(self, program: str, *arguments: str) -> None:
        command = [_binary(program), *arguments, "-D", str(self._data)]
        user = pwd.getpwnam(self._user) if self._user else None
        subprocess.run(
            command,
            check=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
        )


def _binary(program: str) -> str:
    if found := shutil.which(program):
        return found
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / program).exists():
            return str(folder / program)
    raise ServerMissing(_MISSING)
