"""From call to reply, the same way for every route and for the lane.

body within its limit → form token (pages) → authorisation → handler → refusal into its form → headers, log.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from manyou.errors import Problem
from web.problems import status_of, to_page, to_problem_json

if TYPE_CHECKING:
    from web.call import Call
    from web.endpoint import Endpoint
    from web.pages import Pages
    from web.reply import Reply

__all__ = ["answer", "finish", "refuse"]

log = logging.getLogger("web")

FIRST_REFUSAL = 400
"""The lowest HTTP status that is a refusal."""


class InternalFault(Problem):
    """Something of ours failed; the log knows what."""

    code = "internal_fault"
    mend = "Report the request id to the operator."


def answer(endpoint: Endpoint, call: Call, pages: Pages) -> Reply:
    """Answer a call; never raises."""
    try:
        call.read_body(endpoint.body_limit)
        if endpoint.page and endpoint.method == "POST":
            pages.guard.check(call)
        call.principal = endpoint.authorisation.admit(call)
        reply = endpoint.handle(call)
        if reply.status >= FIRST_REFUSAL:  # a page that says no by itself, such as a wrong password
            _tell("page_refused", "", endpoint, reply.status, call)
    except Problem as problem:
        reply = refuse(endpoint, call, problem, pages)
    except Exception as fault:
        facts = {"endpoint": endpoint.path, "request_id": call.request_id, "kind": type(fault).__name__}
        log.exception("fault", extra={"facts": facts})
        reply = refuse(endpoint, call, InternalFault(), pages)
    return finish(call, reply, pages)


def finish(call: Call, reply: Reply, pages: Pages) -> Reply:
    """Add what every answer carries."""
    mark = ("X-Request-Id", call.request_id)
    if call.adds:
        reply = reply.adding(*call.adds)
    return reply.adding(mark) if reply.page else reply.adding(mark, *pages.machine_headers)


def refuse(endpoint: Endpoint | None, call: Call, problem: Problem, pages: Pages) -> Reply:
    """Give a refusal its form, and log it without anything that the caller sent."""
    _tell(problem.code, problem.detail, endpoint, status_of(problem), call)
    if endpoint is not None and endpoint.refuse is not None:
        return endpoint.refuse(call, problem)
    wants_page = endpoint.page if endpoint else "text/html" in (call.header("Accept") or "")
    return to_page(call, problem, pages) if wants_page else to_problem_json(call, problem, pages)


def _tell(code: str, detail: str, endpoint: Endpoint | None, status: int, call: Call) -> None:
    if log.isEnabledFor(logging.INFO):
        facts = {
            "code": code,
            "detail": detail,
            "endpoint": endpoint.path if endpoint else "",
            "status": status,
            "request_id": call.request_id,
        }
        log.info("refused", extra={"facts": facts})
