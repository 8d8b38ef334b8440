"""The holder's file: all licences as cards, one licence with its fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from portal import shown
from portal.visits import Visit
from web import Call, Reply

if TYPE_CHECKING:
    from manyou.hall import Hall
    from web import Pages

__all__ = ["MemberHandle", "cards", "licence"]

MemberHandle = Callable[[Call, Visit], Reply]


def cards(hall: Hall, pages: Pages) -> MemberHandle:
    """All licences; those that ended stand last."""

    def handle(call: Call, visit: Visit) -> Reply:
        file = hall.licences.file(visit.tokens.access_token)
        found = sorted((shown.card(form) for form in file["licences"]), key=lambda card: card.ended)
        return pages.page(call, "portal/file.html", visit=visit, cards=found)

    return handle


def licence(hall: Hall, pages: Pages) -> MemberHandle:
    """One licence."""

    def handle(call: Call, visit: Visit) -> Reply:
        form = hall.licences.file_licence(visit.tokens.access_token, call.args["licence_id"])
        return pages.page(call, "portal/licence.html", visit=visit, licence=shown.licence(form))

    return handle
