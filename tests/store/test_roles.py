"""The four database roles on a real PostgreSQL: each does its work, and nothing beyond it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from ledger import Event, Sequencer, append, since
from manyou.errors import Unavailable
from store import Durable, Feed, Marker, maintain, migrate, publish, spend
from store.errors import NotGranted
from store.postgres import PostgresDurable
from tests.conftest import shared_postgres

SCRIPTS = Path(__file__).parents[2] / "deploy" / "postgresql"
NOW = 1_790_000_000
DAY = 86_400


class Database:
    """A database as deploy/postgresql lays it out."""

    def __init__(self, name: str) -> None:
        server = shared_postgres()
        self._dsn = server.dsn(name)
        with psycopg.connect(server.dsn("postgres"), autocommit=True) as superuser:
            superuser.execute((SCRIPTS / "roles.sql").read_bytes())
            superuser.execute(f"CREATE DATABASE {name} OWNER manyou_migration TEMPLATE template0".encode())
        with psycopg.connect(self._dsn, autocommit=True) as superuser:
            superuser.execute("ALTER SCHEMA public OWNER TO manyou_migration")
        self.migrate()

    def migrate(self) -> None:
        owner = PostgresDurable(self.dsn("manyou_migration"))
        migrate(owner)
        owner.close()
        with psycopg.connect(self.dsn("manyou_migration"), autocommit=True) as connection:
            connection.execute((SCRIPTS / "grants.sql").read_bytes())

    def dsn(self, role: str) -> str:
        return self._dsn.replace("user=manyou", f"user={role}")

    def refused(self, role: str, *statements: str) -> None:
        """Each of the statements is refused to the role."""
        with psycopg.connect(self.dsn(role), autocommit=True) as connection:
            for statement in statements:
                with pytest.raises((errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction)):
                    connection.execute(statement.encode())


@pytest.fixture(scope="module")
def database() -> Database:
    return Database(f"roles_{os.getpid()}")


@pytest.fixture(scope="module")
def opened(database: Database) -> Iterator[Callable[[str], Durable]]:
    stores: list[Durable] = []

    def open_as(role: str) -> Durable:
        stores.append(PostgresDurable(database.dsn(role), connections=2))
        return stores[-1]

    yield open_as
    for each in stores:
        each.close()


def marker(value: int, ends: int) -> Marker:
    return Marker(b"o" * 16, "code", value.to_bytes(32, "big"), ends, b"", NOW, b"")


def event(number: int) -> Event:
    return Event(number.to_bytes(16, "big"), "test.happened", 1, NOW, None, "system", "", b"", b"{}")


def test_the_service_lives_on_its_role(opened: Callable[[str], Durable]) -> None:
    service = opened("manyou_service")
    assert migrate(service) == 0
    maintain(service, NOW)
    assert service.write(lambda tx: spend(tx, marker(1, NOW + 60))).won
    assert service.write(lambda tx: spend(tx, marker(2, NOW + 30 * DAY))).won
    feed = Feed(service)
    feed.poll()
    service.write(lambda tx: publish(tx, "client", b"x", NOW))
    assert feed.poll() == 1
    for day in range(1, 40):
        maintain(service, NOW + day * DAY)
    assert service.write(lambda tx: spend(tx, marker(1, NOW + 60))).too_old
    assert service.write(lambda tx: spend(tx, marker(3, NOW + 40 * DAY))).won


def test_events_are_appended_by_one_role_and_numbered_by_another(opened: Callable[[str], Durable]) -> None:
    service, sequencer = opened("manyou_service"), opened("manyou_sequencer")
    for number in range(3):
        service.write(lambda tx, number=number: append(tx, event(number)))  # type: ignore[misc]
    with pytest.raises(NotGranted) as caught:
        Sequencer(service).step()
    assert isinstance(caught.value, Unavailable)
    assert Sequencer(sequencer).step() == 3
    assert [each.number for each in service.read(lambda tx: since(tx, 0, 9))] == [1, 2, 3]
    assert len(opened("manyou_audit").read(lambda tx: since(tx, 0, 9))) == 3


def test_the_service_rewrites_no_event_unspends_nothing_and_alters_no_table(database: Database) -> None:
    with psycopg.connect(database.dsn("manyou_migration"), autocommit=True) as owner:
        rows = owner.execute(
            "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
            " WHERE inhparent = CAST('spent' AS regclass)"
        ).fetchall()
    assert len(rows) > 1
    database.refused(
        "manyou_service",
        "UPDATE event SET body = ''",
        "UPDATE event SET number = 1",
        "DELETE FROM event",
        "TRUNCATE event",
        "DELETE FROM spent",
        "UPDATE spent SET ends = 0",
        *(f"DELETE FROM {name}" for (name,) in rows),  # noqa: S608 our own tables
        *(f"DROP TABLE {name}" for (name,) in rows),
        "ALTER TABLE event DISABLE TRIGGER ALL",
        "ALTER TABLE spent DETACH PARTITION spent_beyond",
        "DROP TABLE event",
        "CREATE TABLE mine (x BIGINT)",
        "CREATE FUNCTION mine() RETURNS BIGINT LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION spent_droppable(x BIGINT) RETURNS BIGINT LANGUAGE sql AS 'SELECT x'",
        "DELETE FROM ring_key",
        "DELETE FROM licence",
        "UPDATE licence_change SET agency = ''",
        "UPDATE migration SET digest = ''",
        "DELETE FROM watermark",
        "SET ROLE manyou_migration",
    )


def test_no_marker_goes_that_the_watermark_has_not_passed_by_an_hour(
    opened: Callable[[str], Durable],
) -> None:
    service = opened("manyou_service")
    living = marker(9, NOW + 41 * DAY)
    maintain(service, NOW + 40 * DAY)
    assert service.write(lambda tx: spend(tx, living)).won
    maintain(service, NOW + 41 * DAY + 3000)
    assert service.write(lambda tx: spend(tx, living)).first is not None


def test_the_sequencer_and_the_auditor_do_nothing_else(database: Database) -> None:
    database.refused(
        "manyou_sequencer",
        "SELECT body FROM event",
        "UPDATE event SET body = ''",
        "INSERT INTO event (id) VALUES ('x')",
        "DELETE FROM event",
        "SELECT * FROM person",
        "SELECT spent_drop_days(9999999999)",
        "CREATE TABLE mine (x BIGINT)",
    )
    database.refused(
        "manyou_audit",
        "UPDATE event SET number = 1",
        "INSERT INTO event (id) VALUES ('x')",
        "SELECT * FROM person",
        "SELECT * FROM password",
        "SELECT sealed FROM ring_key",
        "SELECT spent_make_day(1)",
    )


def test_a_migration_that_waits_is_told_to_whoever_may_not_apply_it(
    database: Database, tmp_path: Path
) -> None:
    service = PostgresDurable(database.dsn("manyou_service"))
    folder = Path(migrate.__globals__["_FOLDER"])
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "9999_store_later.sql").write_text("CREATE TABLE later (x BIGINT);")
    try:
        with pytest.raises(NotGranted, match="store_not_granted"):
            migrate(service, tmp_path)
    finally:
        service.close()
