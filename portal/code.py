"""The licence code on the holder's screen: drawn in the page, replaced every 30 seconds.

With JavaScript the page fetches ``code.json`` and draws the new path; without, a button loads the page anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from manyou.identifiers import mask_name
from portal import shown
from web import Reply

if TYPE_CHECKING:
    from manyou.hall import Hall
    from portal.file import MemberHandle
    from portal.visits import Visit
    from web import Call, Pages

__all__ = ["TURN_SECONDS", "data", "page"]

TURN_SECONDS: Final = 30
"""A code lives 60 s; turned at half its life, the one on the screen always has 30 s left for the verifier."""


def page(hall: Hall, pages: Pages) -> MemberHandle:
    """The code, and what it is a code of."""

    def handle(call: Call, visit: Visit) -> Reply:
        licence_id = call.args["licence_id"]
        token = visit.tokens.access_token
        licence = shown.licence(hall.licences.file_licence(token, licence_id))
        code = _drawn(hall.licences.mint(token, licence_id), call.now)
        return pages.page(
            call,
            "portal/code.html",
            visit=visit,
            licence=licence,
            holder=_own_name(licence),
            code=code,
            turn_seconds=TURN_SECONDS,
        )

    return handle


def data(hall: Hall) -> MemberHandle:
    """The next code, for the page's script."""

    def handle(call: Call, visit: Visit) -> Reply:
        minted = hall.licences.mint(visit.tokens.access_token, call.args["licence_id"])
        return Reply.json(_drawn(minted, call.now))

    return handle


def _drawn(minted: dict[str, Any], now: int) -> dict[str, Any]:
    """What the screen needs: how to draw it, and how long it still lives by the server's clock."""
    return {
        "url": minted["url"],
        "path": minted["svg_path"],
        "size": minted["size"],
        "seconds": max(0, shown.seconds(minted["ends"]) - now),
    }


def _own_name(licence: shown.Licence) -> str:
    """As the code itself carries it: a person's name masked, an organisation's whole."""
    own = next((holder for holder in licence.holders if holder.own), None)
    if own is None:
        return ""
    return own.name if own.organisation else mask_name(own.name)
