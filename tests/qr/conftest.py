"""A ring of code keys on an empty store, and a code minted from it."""

from __future__ import annotations

from pathlib import Path

import pytest

import keys
from keys import Keys, KeySettings
from qr import Checker, LicenceFacts, Minted, Minter, person_shown
from store import Durable
from tests.conftest import ManualClock

DEPLOYMENT = "test"


@pytest.fixture
def ring(tmp_path: Path, sqlite_durable: Durable, clock: ManualClock) -> Keys:
    path = tmp_path / "master.key"
    keys.create_master_key(path, environment="development")
    settings = KeySettings(master_key_file=path, deployment=DEPLOYMENT, issuer="http://localhost:8000")
    return keys.build(settings, sqlite_durable, clock)


@pytest.fixture
def minter() -> Minter:
    return Minter(DEPLOYMENT, "HTTPS://V.EXAMPLE.GOV.CN/V/", 60)


@pytest.fixture
def facts() -> LicenceFacts:
    return LicenceFacts(300, 44, bytes(range(12)), person_shown("欧阳小明"), 3, 70_000)


@pytest.fixture
def minted(minter: Minter, facts: LicenceFacts, ring: Keys, clock: ManualClock) -> Minted:
    return minter.mint(facts, ring.signer("code"), clock(), b"\xde\xad\xbe\xef")


@pytest.fixture
def checker(ring: Keys) -> Checker:
    return Checker(lambda: ring.verifying("code"), DEPLOYMENT)
