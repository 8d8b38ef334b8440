"""Clients that run in a browser call from pages of their own origin (Fetch § 3.2, RFC 9700 § 2.6).

Open are the endpoints that such a client needs, to pages that stand where a client's redirect URIs do, and
never with cookies: none of these endpoints reads one, and no answer allows credentials. Whoever calls proves
who they are by what stands in the request itself, from a page as from anywhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from web.endpoint import Authorisation, Endpoint, public
from web.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idp.oauth.clients.registered import Clients
    from web.call import Call

__all__ = ["cross_origin"]

FOR_PAGES: Final = frozenset({"/par", "/token", "/revoke", "/userinfo"})
"""Discovery and keys are everybody's, and say so themselves."""
SENT: Final = ("Access-Control-Allow-Headers", "Authorization, Content-Type, DPoP")
READ: Final = ("Access-Control-Expose-Headers", "DPoP-Nonce, Retry-After, WWW-Authenticate")
"""A nonce that nobody can read cannot be sent back (RFC 9449 § 8.3)."""
REMEMBERED: Final = ("Access-Control-Max-Age", "7200")
"""Seconds; what Chromium takes at most."""
VARY: Final = ("Vary", "Origin")


def cross_origin(clients: Clients, endpoints: Iterable[Endpoint]) -> tuple[Endpoint, ...]:
    """The endpoints, some of them open to clients' pages, and what a browser asks before it calls those."""
    opened: list[Endpoint] = []
    methods: dict[str, list[str]] = {}
    for each in endpoints:
        if each.path in FOR_PAGES:
            methods.setdefault(each.path, []).append(each.method)
            opened.append(replace(each, authorisation=_telling(clients, each.authorisation)))
        else:
            opened.append(each)
    asked = public("a browser asks which pages may call; nothing is done")
    return (
        *opened,
        *(Endpoint("OPTIONS", path, _preflight(clients, names), asked) for path, names in methods.items()),
    )


def _telling(clients: Clients, gate: Authorisation) -> Authorisation:
    """The same gate; refusals too are for the page to read, so it is told first."""

    def admit(call: Call) -> Any:
        if call.environ.get("HTTP_ORIGIN") is not None and (allowed := _allowed(clients, call)):
            call.adds += (*allowed, READ)
        return gate.admit(call)

    return replace(gate, admit=admit)


def _preflight(clients: Clients, methods: list[str]) -> Any:
    allowed_methods = ("Access-Control-Allow-Methods", ", ".join(methods))

    def answer(call: Call) -> Reply:
        allowed = _allowed(clients, call)
        return Reply(204, b"", (*allowed, allowed_methods, SENT, REMEMBERED) if allowed else (VARY,))

    return answer


def _allowed(clients: Clients, call: Call) -> tuple[tuple[str, str], ...]:
    origin = call.environ.get("HTTP_ORIGIN")
    return (("Access-Control-Allow-Origin", origin), VARY) if origin in clients.origins() else ()
