"""Run as a process of its own: issues a licence and is killed at the named moment. For test_resume."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import eLicense
from store import Durable, StoreSettings, open_durable
from tests.eLicense.conftest import Desk, StandingClock, food_permit, make_desk


class DiesAt:
    """Passes everything on to what it stands for, but for one method, at which the process is killed."""

    def __init__(self, real: Any, method: str) -> None:
        self._real = real
        self._method = method

    def __getattr__(self, name: str) -> Any:
        if name == self._method:
            os.kill(os.getpid(), signal.SIGKILL)
        return getattr(self._real, name)


def opened(engine: str, place: str) -> Durable:
    if engine == "sqlite":
        return open_durable(StoreSettings(path=Path(place)))
    from store.postgres import PostgresDurable

    return PostgresDurable(place)


def rebuilt(desk: Desk, port: str, method: str) -> eLicense.Library:
    """The library again, over a part that kills."""
    ports = eLicense.Ports(desk.durable, desk.keys, desk.register, desk.feed, desk.tokens, desk.clock)
    dying: dict[str, Any] = {port: DiesAt(getattr(ports, port), method)}
    return eLicense.build(desk.settings, replace(ports, **dying))


def main() -> None:
    engine, place, folder, now, port, method = sys.argv[1:]
    desk = make_desk(opened(engine, place), StandingClock(int(now)), Path(folder))
    desk.library = rebuilt(desk, port, method)
    desk.issue(food_permit(), key="request-killed")
    print("survived")


if __name__ == "__main__":
    main()
