"""Migrations go forward, once each, and never change behind our back."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from store import SQL, Durable, MigrationChanged, Tx, migrate
from store.migrating import _FOLDER


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the true migrations, that a test may change."""
    copy = tmp_path / "migrations"
    copy.mkdir()
    for file in _FOLDER.glob("*.sql"):
        (copy / file.name).write_bytes(file.read_bytes())
    return copy


def test_a_new_one_is_applied_once(durable: Durable, folder: Path) -> None:
    (folder / "9001_store_extra.sql").write_text(
        "CREATE TABLE extra (a BIGINT); INSERT INTO extra (a) VALUES (1);"
    )
    (folder / "9002_store_extra.sqlite.sql").write_text("INSERT INTO extra (a) VALUES (2)")
    (folder / "9002_store_extra.postgres.sql").write_text("INSERT INTO extra (a) VALUES (2)")
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(migrate(durable, folder))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 2
    assert durable.read(lambda tx: tx.rows(SQL("SELECT a FROM extra ORDER BY a"))) == [(1,), (2,)]
    # The release before this one knows neither, and still starts.
    assert migrate(durable) == 0
    _forget(durable)


def test_a_changed_file_is_refused(durable: Durable, folder: Path) -> None:
    with (folder / "0003_keys.sql").open("a") as file:
        file.write("\n-- changed")
    with pytest.raises(MigrationChanged):
        migrate(durable, folder)


def test_a_missing_file_is_refused(durable: Durable, folder: Path) -> None:
    (folder / "0003_keys.sql").unlink()
    with pytest.raises(MigrationChanged):
        migrate(durable, folder)


def test_nothing_slips_in_below_what_was_applied(durable: Durable, folder: Path) -> None:
    (folder / "9001_store_extra.sql").write_text("CREATE TABLE extra (a BIGINT)")
    migrate(durable, folder)
    (folder / "9000_store_late.sql").write_text("CREATE TABLE late (a BIGINT)")
    with pytest.raises(MigrationChanged):
        migrate(durable, folder)
    _forget(durable)


def test_a_failing_one_leaves_nothing(durable: Durable, folder: Path) -> None:
    (folder / "9001_store_extra.sql").write_text(
        "CREATE TABLE extra (a BIGINT); INSERT INTO nowhere VALUES (1)"
    )
    with pytest.raises(Exception, match="unavailable"):
        migrate(durable, folder)
    (folder / "9001_store_extra.sql").write_text("CREATE TABLE extra (a BIGINT)")
    assert migrate(durable, folder) == 1
    _forget(durable)


def test_two_of_one_number_are_refused(durable: Durable, folder: Path) -> None:
    (folder / "0001_other.sql").write_text("")
    with pytest.raises(ValueError, match="0001"):
        migrate(durable, folder)


def _forget(durable: Durable) -> None:
    def work(tx: Tx) -> None:
        tx.run(SQL("DELETE FROM migration WHERE number >= 9000"))
        tx.script("DROP TABLE extra")

    durable.write(work)
