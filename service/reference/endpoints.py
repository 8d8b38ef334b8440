"""docs/reference/endpoints.md and authorisations.md: every route of both sites, and who may call it."""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from service.demo.folder import Demo, lay_out
from service.house import LANE, House
from service.reference.writing import page, table
from web import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from web import Endpoint, Site

__all__ = ["authorisations", "discovered", "endpoints", "example"]

DISCOVERY = "/.well-known/openid-configuration"
HEAD = ("method", "path", "who may call", "why", "for", "body at most", "lane", "in discovery as")
INTRODUCTION = """\
Every route of both origins, as mounted in `development`. *For*: machines send and get JSON or forms and no
cookie; what is for people is a page, and its POSTs need the page's own form token. *Lane*: answered ahead of
the routing; nothing but the speed differs."""
AUTHORISATIONS = """\
Each route passes its authorisation before its handler runs; what the gate lets in is all that the handler
knows of the caller. A route without one cannot be written."""


@contextmanager
def example() -> Iterator[House]:
    """A house on an empty folder, opened and not started: its routes are those of any other."""
    with tempfile.TemporaryDirectory(prefix="manyou-") as folder:
        house = House.open(lay_out(Demo(Path(folder)), {}))
        try:
            yield house
        finally:
            house.close()


def endpoints(house: House) -> str:
    """The page of routes."""
    members = discovered(house)
    parts = []
    for site, _ in house.sites:
        rows = [_row(each, members if site.name == "provider" else {}) for each in _sorted(site)]
        parts += [f"## {site.name.capitalize()}", table(HEAD, rows)]
    return page("Endpoints", INTRODUCTION, *parts)


def authorisations(house: House) -> str:
    """The page of gates, each with the routes behind it."""
    behind: dict[tuple[str, str], list[str]] = {}
    for site, _ in house.sites:
        for each in _sorted(site):
            gate = (each.authorisation.name, each.authorisation.reason)
            behind.setdefault(gate, []).append(f"{site.name} `{each.method} {each.path}`")
    rows = [(name, reason, ", ".join(routes)) for (name, reason), routes in sorted(behind.items())]
    return page("Authorisations", AUTHORISATIONS, table(("name", "why", "routes"), rows))


def discovered(house: House) -> dict[str, str]:
    """Path of the provider → member of the discovery document that names it."""
    site, _ = next(each for each in house.sites if each[0].name == "provider")
    document = next(each for each in site.endpoints if each.path == DISCOVERY)
    told = json.loads(document.handle(Call.of("GET", DISCOVERY, now=0)).body)
    issuer = told["issuer"]
    return {
        value.removeprefix(issuer): member
        for member, value in told.items()
        if isinstance(value, str) and value.startswith(f"{issuer}/")
    }


def _sorted(site: Site) -> list[Endpoint]:
    return sorted(site.endpoints, key=lambda each: (each.path, each.method))


def _row(endpoint: Endpoint, members: dict[str, str]) -> tuple[str, ...]:
    kib, rest = divmod(endpoint.body_limit, 1024)
    member = members.get(endpoint.path)
    return (
        endpoint.method,
        f"`{endpoint.path}`",
        endpoint.authorisation.name,
        endpoint.authorisation.reason,
        "people" if endpoint.page else "machines",
        "—" if endpoint.method == "GET" else f"{endpoint.body_limit} B" if rest else f"{kib} KiB",
        "yes" if (endpoint.method, endpoint.path) in LANE else "—",
        f"`{member}`" if member else "—",
    )
