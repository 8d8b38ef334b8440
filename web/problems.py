"""From a refusal to an answer: the one place that maps error classes to HTTP statuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from manyou.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    Gone,
    NotFound,
    Problem,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from web.challenges import Challenged
from web.errors import MethodNotAllowed
from web.reply import NO_STORE, Reply

if TYPE_CHECKING:
    from web.call import Call
    from web.pages import Pages

__all__ = ["SignInFirst", "status_of", "to_page", "to_problem_json"]

_STATUS: Final[tuple[tuple[type[Problem], int], ...]] = (
    (BadRequest, 400),
    (Unauthenticated, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (MethodNotAllowed, 405),
    (Conflict, 409),
    (Gone, 410),
    (TooLarge, 413),
    (TooMany, 429),
    (Unavailable, 503),
)


class SignInFirst(Unauthenticated):
    """A page that needs a login; ``location`` is where to get one."""

    code = "sign_in_first"
    mend = "Log in first."

    def __init__(self, location: str) -> None:
        super().__init__()
        self.location = location


def _category(problem: Problem) -> tuple[type[Problem], int]:
    return next(((kind, status) for kind, status in _STATUS if isinstance(problem, kind)), (Problem, 500))


def status_of(problem: Problem) -> int:
    """The HTTP status of a refusal; 500 for what no category covers, which is a fault of ours."""
    return _category(problem)[1]


def _headers(call: Call, problem: Problem) -> tuple[tuple[str, str], ...]:
    if isinstance(problem, TooMany | Unavailable):
        return (("Retry-After", str(problem.retry_after)),)
    if isinstance(problem, Challenged):
        return problem.challenge(call)
    if isinstance(problem, Unauthenticated):
        return (("WWW-Authenticate", f'Bearer error="invalid_token", error_description="{problem.mend}"'),)
    return ()


def to_problem_json(call: Call, problem: Problem, pages: Pages) -> Reply:
    """RFC 9457 problem details with a stable ``code`` and the sentence in both languages."""
    category, status = _category(problem)
    zh, en = pages.catalogue.problem(problem.code, category.code)
    body = {
        "type": "about:blank",
        "title": en,
        "title_zh": zh,
        "status": status,
        "code": problem.code,
        "mend": problem.mend,
        "request_id": call.request_id,
    }
    kind = ("Content-Type", "application/problem+json")
    plain = Reply.json(body, status)
    return Reply(status, plain.body, (kind, *NO_STORE, *_headers(call, problem)))


def to_page(call: Call, problem: Problem, pages: Pages) -> Reply:
    """The same for a person; a page that needs a login leads to it."""
    if isinstance(problem, SignInFirst):
        return Reply.redirect(problem.location)
    category, status = _category(problem)
    sentence = pages.catalogue.problem(problem.code, category.code)
    reply = pages.page(call, "web/problem.html", status=status, code=problem.code, sentence=sentence)
    delay = tuple(header for header in _headers(call, problem) if header[0] == "Retry-After")
    return reply.adding(*delay)
