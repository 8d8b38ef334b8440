"""Welcome, login, logout."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from manyou.hall import LoginRefused
from portal.visits import own_path
from web import Call, Reply

if TYPE_CHECKING:
    from portal.visits import Visits
    from web import Pages

__all__ = ["Handle", "ask_logout", "begin", "finish", "logout", "welcome"]

Handle = Callable[[Call], Reply]


def welcome(visits: Visits, pages: Pages) -> Handle:
    """What this is, and the way in."""
    return lambda call: pages.page(call, "portal/welcome.html", visit=visits.current(call), refused=False)


def begin(visits: Visits) -> Handle:
    """Leave for the provider."""
    return lambda call: visits.leave_for_login(
        call, own_path(call.query.get("back")), again=call.query.get("again") is not None
    )


def finish(visits: Visits, pages: Pages) -> Handle:
    """Come back from it; whoever changed their mind finds the front door again."""

    def handle(call: Call) -> Reply:
        try:
            return visits.arrive(call)
        except LoginRefused:
            return pages.page(call, "portal/welcome.html", status=403, visit=None, refused=True)

    return handle


def ask_logout(visits: Visits, pages: Pages) -> Handle:
    """What a logout ends, and the button. It leads on to the provider, so this page's policy must let it."""
    return lambda call: pages.page(
        call, "portal/logout.html", leads_elsewhere=True, visit=visits.current(call)
    )


def logout(visits: Visits) -> Handle:
    """Log out here and at the provider."""
    return visits.depart
