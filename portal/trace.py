"""Who did what with the holder's licences, refused uses too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal import shown

if TYPE_CHECKING:
    from manyou.hall import Hall
    from portal.file import MemberHandle
    from portal.visits import Visit
    from web import Call, Pages, Reply

__all__ = ["page"]


def page(hall: Hall, pages: Pages) -> MemberHandle:
    """A page of the trace, newest first."""

    def handle(call: Call, visit: Visit) -> Reply:
        found = hall.licences.trace(visit.tokens.access_token, before=call.query.get("before"))
        uses = [shown.use(form) for form in found["events"]]
        return pages.page(call, "portal/trace.html", visit=visit, uses=uses, older=found.get("next"))

    return handle
