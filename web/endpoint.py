"""One route is one value, and its authorisation is the gate in front of it.

An ``Endpoint`` without an ``Authorisation`` cannot be written; ``answer`` calls ``admit`` before the handler
and puts what it returns into ``call.principal``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from manyou.errors import Problem
from web.call import Call
from web.reply import Reply

__all__ = ["Authorisation", "Endpoint", "Site", "development", "public"]

KIB = 1024


@dataclass(frozen=True, slots=True)
class Authorisation:
    """Who may call a route.

    ``admit`` raises a ``Problem`` or returns the principal. Name and reason are there so that a reader of
    the route table, and the test over it, see what was meant.
    """

    name: str
    reason: str
    admit: Callable[[Call], Any]


def public(reason: str) -> Authorisation:
    """Anybody; the reason says why that is right."""
    return Authorisation("public", reason, lambda _call: None)


def development(reason: str) -> Authorisation:
    """Anybody, on a route that is mounted in ``development`` only."""
    return Authorisation("development", reason, lambda _call: None)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A route for machines or, with ``page``, for people."""

    method: str
    path: str
    """Werkzeug's notation, e.g. ``/licences/<licence_id>``."""
    handle: Callable[[Call], Reply]
    authorisation: Authorisation
    page: bool = False
    """For people: cookies are read, a POST needs the browser's form token, errors are pages."""
    body_limit: int = 64 * KIB
    refuse: Callable[[Call, Problem], Reply] | None = None
    """Another error form than problem+json, e.g. OAuth's."""


@dataclass(frozen=True, slots=True)
class Site:
    """Endpoints served under one origin."""

    name: str
    host: str
    """As the Host header has it, e.g. ``localhost:8000``."""
    endpoints: tuple[Endpoint, ...]
    trusted_proxies: frozenset[str] = field(default=frozenset())
    """Addresses whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are believed."""
    certificate_header: str = ""
    """In which those same addresses hand on the client's certificate; empty: none does."""
