"""How a command opens settings and house; what is wrong is told in one line and no traceback."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from manyou.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.house import House
    from service.settings import Settings

__all__ = ["opened_house", "read_settings"]


def read_settings() -> Settings:
    """The settings that file and environment tell.

    Raises:
        ClickException: naming every fault.
    """
    from service.loading import SettingsFault
    from service.settings import load_settings

    try:
        return load_settings(os.environ)
    except SettingsFault as fault:
        raise click.ClickException("\n".join(["settings:", *fault.faults])) from fault


@contextmanager
def opened_house() -> Iterator[House]:
    """The house beside a running server.

    Raises:
        ClickException: whatever was refused, with what to mend.
    """
    from service.house import House

    settings = read_settings()
    try:
        house = House.open(settings, server=False)
        try:
            yield house
        finally:
            house.close()
    except Problem as problem:
        raise click.ClickException(f"{problem}. {problem.mend}") from problem
