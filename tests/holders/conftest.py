"""A register on an empty store, with keys made for the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import holders
import keys
from holders import Register
from keys import Keys, KeySettings
from store import Durable


@pytest.fixture
def settings(tmp_path: Path) -> KeySettings:
    path = tmp_path / "master.key"
    keys.create_master_key(path, environment="development")
    return KeySettings(
        master_key_file=path,
        deployment="test",
        issuer="http://localhost:8000",
        publish_ahead=600,
        retire_after=3_600,
    )


@pytest.fixture
def rings(settings: KeySettings, durable: Durable, clock: Callable[[], int]) -> Keys:
    return keys.build(settings, durable, clock)


@pytest.fixture
def register(rings: Keys, durable: Durable, clock: Callable[[], int]) -> Register:
    """Runs on both engines."""
    return holders.build(durable, rings, clock)
