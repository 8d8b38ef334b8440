"""A stolen database without the master key reveals no number and no name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import holders
import keys
from keys import KeySettings
from store import SQL, Durable

NUMBERS = ("350000199001010018", "35000019850615002X", "350000200002290037")
COMPANY = "91350000MADEM00030"
NAME = "欧阳䶮𬭎"


def test_the_files_hold_no_number_and_no_name(
    settings: KeySettings, sqlite_durable: Durable, clock: Callable[[], int], tmp_path: Path
) -> None:
    rings = keys.build(settings, sqlite_durable, clock)
    register = holders.build(sqlite_durable, rings, clock)
    sqlite_durable.write(lambda tx: tx.run(SQL("CREATE TABLE stolen (name BYTEA)")))
    found = [register.enrol("111", number, "registry import").holder_key for number in NUMBERS]
    found.append(register.enrol("001", COMPANY, "registry import").holder_key)
    register.add_alias(found[0], "414", "E12345678", "passport shown")
    register.merge(found[2], found[1])
    for key in found[:2]:
        sealed = register.fields(key).seal("name", NAME)
        sqlite_durable.write(
            lambda tx, sealed=sealed: tx.run(SQL("INSERT INTO stolen (name) VALUES (:name)"), name=sealed)  # type: ignore[misc]
        )
    sqlite_durable.close()

    files = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    stolen = b"".join(path.read_bytes() for path in files)
    assert b"registry import" in stolen  # it is there that the records are
    master = settings.master_key_file.read_text().strip()
    secrets = [*NUMBERS, COMPANY, "E12345678", NAME, master, "19900101", "198506150"]
    for text in secrets:
        for encoded in (text.encode(), text.encode("utf-16-le"), text.encode().hex().encode()):
            assert encoded not in stolen, text
    assert bytes.fromhex(master) not in stolen
