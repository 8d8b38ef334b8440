"""The demo's folder: settings, master key, database, and ``demo.json`` for testers.

``demo.json`` is written last and at once. A folder without it was begun and not finished: nothing in it was
handed to anybody, so it is cleared and begun anew.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Demo", "prepare"]

OURS = (
    "manyou.toml",
    "master.key",
    "portal.secret",
    *(f"durable.sqlite{end}" for end in ("", "-wal", "-shm")),
)
"""Files of an unfinished beginning."""


@dataclass(frozen=True, slots=True)
class Demo:
    """Where a demo stands; ``port`` and the halls' ports can be moved, so that several run at once."""

    folder: Path
    port: int = 8000
    hall_ports: tuple[int, int] = (8001, 8002)

    @property
    def settings_file(self) -> Path:
        """``manyou.toml``."""
        return self.folder / "manyou.toml"

    @property
    def facts_file(self) -> Path:
        """``demo.json``."""
        return self.folder / "demo.json"

    @property
    def halls(self) -> tuple[str, str]:
        """Origins of the two halls."""
        first, second = self.hall_ports
        return f"http://127.0.0.1:{first}", f"http://127.0.0.1:{second}"

    def facts(self) -> dict[str, Any]:
        """What ``demo.json`` holds."""
        found: dict[str, Any] = json.loads(self.facts_file.read_text("utf-8"))
        return found


def prepare(demo: Demo) -> None:
    """Make the folder ready to be served; what is finished stays as it is."""
    demo.folder.mkdir(parents=True, exist_ok=True)
    if demo.facts_file.exists():
        return
    for name in OURS:
        (demo.folder / name).unlink(missing_ok=True)
    # here and not above: the server's parent knows this module and must stay small
    from keys import create_master_key
    from service.demo.seed import seed
    from service.house import House
    from service.settings import SETTINGS_FILE, load_settings

    demo.settings_file.write_text(_settings(demo), "utf-8")
    settings = load_settings({**os.environ, SETTINGS_FILE: str(demo.settings_file)})

    create_master_key(settings.keys.master_key_file, environment=settings.environment)
    settings.portal.client_secret_file.touch(0o600)  # type: ignore[union-attr]  # written by _settings
    house = House.open(settings)
    try:
        facts = seed(house, settings, demo.halls, lambda: int(time.time()))
    finally:
        house.close()
    unfinished = demo.facts_file.with_suffix(".part")
    with os.fdopen(
        os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        json.dump(facts, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(demo.facts_file)


def _settings(demo: Demo) -> str:
    here = demo.folder.resolve()
    return f"""\
# The demo's settings: development on loopback. docs/reference/settings.md lists every key.
environment = "development"
deployment = "demo"
transport = "LocalDemo"
demo = {json.dumps(str(here / "demo.json"))}

[server]
port = {demo.port}
provider = "http://localhost:{demo.port}"
portal = "http://127.0.0.1:{demo.port}"

[store]
path = {json.dumps(str(here))}

[keys]
master_key_file = {json.dumps(str(here / "master.key"))}

[portal]
client_secret_file = {json.dumps(str(here / "portal.secret"))}
"""
