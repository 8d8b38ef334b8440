"""Fixtures for every room: the durable store on both engines, and a clock that moves when told to.

One PostgreSQL server a run, started by the first worker that needs it, shared by all and stopped by the run's
first process; one database a worker, made from a migrated template; records deleted before each test.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from store import Durable, StoreSettings, migrate, open_durable
from tests.postgres_server import Server, ServerMissing
from tests.redis_server import RedisCluster, RedisNode

_SERVER_FOLDER = "MANYOU_TEST_POSTGRES"
_MISSING = (
    "PostgreSQL's server is missing; install it with: apt-get install -y --no-install-recommends postgresql"
)
_TEMPLATE = "manyou_template"
_START = 1_790_000_000  # an even second in 2026


@dataclass(slots=True)
class ManualClock:
    """Gives unix seconds; moves by `advance` only."""

    now: int = _START

    def __call__(self) -> int:
        return self.now

    def advance(self, seconds: int) -> int:
        """Move on (or back, by a negative number) and return the new time."""
        self.now += seconds
        return self.now


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="session")
def migrated_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, closed embedded store, to be copied."""
    folder = tmp_path_factory.mktemp("migrated")
    durable = open_durable(StoreSettings(path=folder))
    migrate(durable)
    durable.close()
    return folder


@pytest.fixture
def sqlite_durable(tmp_path: Path, migrated_folder: Path) -> Iterator[Durable]:
    """An empty, migrated store on the embedded engine."""
    folder = tmp_path / "store"
    folder.mkdir()
    shutil.copy(migrated_folder / "durable.sqlite", folder)
    durable = open_durable(StoreSettings(path=folder))
    yield durable
    durable.close()


@pytest.fixture
def postgres_durable(request: pytest.FixtureRequest) -> Durable:
    """An empty, migrated store on PostgreSQL; the worker's connection pool is kept between tests."""
    database: WorkerDatabase = request.getfixturevalue("postgres_database")
    database.empty()
    return database.durable


@pytest.fixture(params=["sqlite", "postgres"])
def durable(request: pytest.FixtureRequest) -> Durable:
    """An empty, migrated store: the test runs once on each engine."""
    found: Durable = request.getfixturevalue(f"{request.param}_durable")
    return found


@pytest.fixture
def postgres_dsn(request: pytest.FixtureRequest) -> str:
    """Where the worker's own, emptied database is: for tests that need their own connections."""
    database: WorkerDatabase = request.getfixturevalue("postgres_database")
    database.empty()
    return database.dsn


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisNode]:
    """A Redis of this process's own, for all of its tests: keys carry a prefix."""
    node = RedisNode(tmp_path_factory.mktemp("redis"))
    yield node
    node.stop()


@pytest.fixture(scope="session")
def redis_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    """A cluster of three masters, likewise."""
    cluster = RedisCluster(tmp_path_factory.mktemp("redis-cluster"))
    yield cluster
    cluster.stop()


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the run's first process, not a worker of xdist
        os.environ[_SERVER_FOLDER] = tempfile.mkdtemp(prefix="manyou-postgres-")


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        Server(Path(os.environ.pop(_SERVER_FOLDER))).remove()


def shared_postgres() -> Server:
    """The run's one server, started if it is not yet."""
    server = Server(Path(os.environ[_SERVER_FOLDER]))
    try:
        server.start_once()
    except ServerMissing as missing:
        pytest.fail(str(missing), pytrace=False)
    return server


@pytest.fixture(scope="session")
def postgres_database() -> Iterator[WorkerDatabase]:
    server = shared_postgres()
    name = f"manyou_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    server.create(name)
    database = WorkerDatabase(server.dsn(name))
    yield database
    database.close()


class WorkerDatabase:
    """One worker's database, emptied between tests without truncation, which costs a file a table."""

    def __init__(self, dsn: str) -> None:
        import psycopg
        from psycopg import sql

        from store.postgres import PostgresDurable

        self.dsn = dsn
        self.durable: Durable = PostgresDurable(dsn)
        self._connection = psycopg.connect(dsn, autocommit=True)
        self._sql = sql
        self._tables = [name for name in self._existing() if name != "migration"]
        # Rows that migrations put in (the watermark) come back after every emptying.
        self._seeds = {name: rows for name in self._tables if (rows := self._rows(name))}

    def close(self) -> None:
        self.durable.close()
        self._connection.close()

    def empty(self) -> None:
        """Bring the database back to what migrations left."""
        execute, sql = self._connection.execute, self._sql
        with self._connection.transaction():
            execute("SET LOCAL session_replication_role = replica")  # references are checked in no order
            for name in self._existing():
                if name not in self._tables and name != "migration":
                    execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
            for name in self._tables:
                execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
            for name, rows in self._seeds.items():
                for row in rows:
                    values = sql.SQL(", ").join(sql.Placeholder() * len(row))
                    execute(sql.SQL("INSERT INTO {} VALUES ({})").format(sql.Identifier(name), values), row)

    def _existing(self) -> list[str]:
        return [
            row[0]
            for row in self._connection.execute(
                "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') "
                "AND relnamespace = 'public'::regnamespace ORDER BY relname"
            )
        ]

    def _rows(self, name: str) -> list[tuple[object, ...]]:
        query = self._sql.SQL("SELECT * FROM {}").format(self._sql.Identifier(name))
        return self._connection.execute(query).fetchall()
