"""Rings on an empty store, under a master key made for the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import keys
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
        retire_seal_after=7_200,
    )


@pytest.fixture
def ours(settings: KeySettings, durable: Durable, clock: Callable[[], int]) -> Keys:
    """Runs on both engines."""
    return keys.build(settings, durable, clock)


@pytest.fixture
def embedded(settings: KeySettings, sqlite_durable: Durable, clock: Callable[[], int]) -> Keys:
    """For what no engine decides."""
    return keys.build(settings, sqlite_durable, clock)
