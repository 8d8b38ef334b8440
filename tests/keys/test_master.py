"""The master-key file: refused when others can read it; without it the store opens nothing."""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import keys
from keys import KeySettings, MasterKeyRefused
from keys.master import read_master_key
from store import Durable


def test_it_is_created_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new.key"
    keys.create_master_key(path, environment="development")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(read_master_key(path)) == 32


def test_production_never_creates_one(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyRefused):
        keys.create_master_key(tmp_path / "new.key", environment="production")
    assert not (tmp_path / "new.key").exists()


def test_an_existing_one_is_not_touched(settings: KeySettings) -> None:
    before = settings.master_key_file.read_bytes()
    with pytest.raises(MasterKeyRefused):
        keys.create_master_key(settings.master_key_file, environment="development")
    assert settings.master_key_file.read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o610, 0o601])
def test_a_file_open_to_others_is_refused(settings: KeySettings, mode: int) -> None:
    settings.master_key_file.chmod(mode)
    with pytest.raises(MasterKeyRefused, match="open to group or others"):
        read_master_key(settings.master_key_file)


@pytest.mark.parametrize("text", ["", "00" * 31, "00" * 33, "zz" * 32, "00" * 32 + "\nmore"])
def test_a_malformed_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.key"
    path.touch(mode=0o600)
    path.write_text(text)
    with pytest.raises(MasterKeyRefused):
        read_master_key(path)


def test_a_link_or_a_folder_or_nothing_is_refused(settings: KeySettings, tmp_path: Path) -> None:
    link = tmp_path / "link.key"
    link.symlink_to(settings.master_key_file)
    for path in (link, tmp_path, tmp_path / "absent.key"):
        with pytest.raises(MasterKeyRefused):
            read_master_key(path)


def test_another_master_key_opens_nothing(
    settings: KeySettings, sqlite_durable: Durable, clock: Callable[[], int], tmp_path: Path
) -> None:
    keys.build(settings, sqlite_durable, clock)
    other = tmp_path / "other.key"
    keys.create_master_key(other, environment="development")
    thief = keys.build(replace(settings, master_key_file=other), sqlite_durable, clock)
    with pytest.raises(MasterKeyRefused):
        thief.sign_jwt("id-token", {"sub": "a"})
    with pytest.raises(MasterKeyRefused):
        thief.seal("code", b"x")


def test_settings_name_all_faults_at_once(settings: KeySettings) -> None:
    with pytest.raises(ValueError, match=r"deployment.*environment.*publish_ahead.*retire_after"):
        replace(settings, deployment="", environment="test", publish_ahead=2, retire_after=0)
