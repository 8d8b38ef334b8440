"""A crash between the two steps of an issue leaves a record that resumes: nothing twice, nothing lost."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from eLicense.issue import records
from manyou.licences import verify
from store import SQL, Durable
from tests.eLicense.conftest import FOOD, LIN, MARKET, Clock, Desk, food_permit, make_desk
from tests.eLicense.dying import opened
from tests.eLicense.test_issue import trust_of

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path, migrated_folder: Path) -> tuple[str, str]:
    """Engine, and where a process of its own opens the migrated store."""
    if request.param == "postgres":
        return "postgres", str(request.getfixturevalue("postgres_dsn"))
    folder = tmp_path / "shared"
    folder.mkdir()
    shutil.copy(migrated_folder / "durable.sqlite", folder)
    return "sqlite", str(folder)


def killed_at(place: tuple[str, str], folder: Path, now: int, port: str, method: str) -> None:
    command = [sys.executable, "-m", "tests.eLicense.dying", *place, str(folder), str(now), port, method]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.fixture
def reopened(place: tuple[str, str]) -> Iterator[list[Durable]]:
    found: list[Durable] = []
    yield found
    for durable in found:
        durable.close()


def after_crash(place: tuple[str, str], reopened: list[Durable], folder: Path, clock: Clock) -> Desk:
    reopened.append(opened(*place))
    return make_desk(reopened[0], clock, folder)


def test_an_intent_is_signed_by_the_job(
    place: tuple[str, str], reopened: list[Durable], key_folder: Path, clock: Clock
) -> None:
    killed_at(place, key_folder, clock(), "keys", "sign_licence")
    desk = after_crash(place, reopened, key_folder, clock)
    assert (desk.count("licence"), desk.count("licence_change")) == (1, 0)
    row = desk.durable.read(lambda tx: tx.row(SQL("SELECT identifier FROM licence")))
    assert row is not None
    order = {"operation": "revoke", "reason": "x"}  # what is not signed cannot be revoked, nor seen
    path = f"/licences/{row[0]}"
    assert desk.refused("POST", f"{path}/transitions", desk.authority(), order) == "404 no_such_licence"
    assert desk.refused("GET", path, desk.authority()) == "404 no_such_licence"
    assert desk.ok("GET", "/file", desk.person(LIN))["licences"] == []
    assert desk.library.jobs["resume_intents"](clock()) == 0  # its own request may still be at it
    clock.advance(11)
    assert desk.library.jobs["resume_intents"](clock()) == 1
    assert desk.library.jobs["resume_intents"](clock()) == 0
    again = desk.issue(food_permit(), key="request-killed")
    assert (desk.count("licence"), desk.count("licence_change")) == (1, 1)
    assert again["state"] == "valid"
    assert verify(again["jws"], trust_of(desk)).content.identifier == again["identifier"]


def test_an_intent_is_signed_by_the_same_request(
    place: tuple[str, str], reopened: list[Durable], key_folder: Path, clock: Clock
) -> None:
    killed_at(place, key_folder, clock(), "keys", "sign_licence")
    desk = after_crash(place, reopened, key_folder, clock)
    first = desk.issue(food_permit(), key="request-killed")
    second = desk.issue(food_permit(), key="request-killed")
    assert first == second
    assert (desk.count("licence"), desk.count("licence_change")) == (1, 1)


def test_a_claim_without_an_intent_leaves_an_explained_gap_that_a_retry_fills(
    place: tuple[str, str], reopened: list[Durable], key_folder: Path, clock: Clock
) -> None:
    killed_at(place, key_folder, clock(), "register", "fields")
    desk = after_crash(place, reopened, key_folder, clock)
    assert (desk.count("licence_claim"), desk.count("licence")) == (1, 0)
    other = desk.issue(food_permit(), key="request-other")
    assert other["identifier"].split(".")[-3] == "2026000000002"
    clock.advance(3_601)
    desk.library.jobs["resume_intents"](clock())
    gaps = desk.durable.read(lambda tx: records.gaps(tx, MARKET, FOOD, 2026))
    assert [(serial, bool(why)) for serial, _, why in gaps] == [(1, True)]
    filled = desk.issue(food_permit(), key="request-killed")
    assert filled["identifier"].split(".")[-3] == "2026000000001"


def test_an_intent_whose_key_has_retired_is_signed_by_the_next(
    place: tuple[str, str], reopened: list[Durable], key_folder: Path, clock: Clock
) -> None:
    killed_at(place, key_folder, clock(), "keys", "sign_licence")
    desk = after_crash(place, reopened, key_folder, clock)
    desk.keys.rotate("licence:11350000MBDEM0023C")
    for seconds in (3_601, 90_000, 90_000):
        clock.advance(seconds)
        desk.keys.advance(clock())
    assert desk.library.jobs["resume_intents"](clock()) == 1
    assert desk.issue(food_permit(), key="request-killed")["state"] == "valid"
