"""How OAuth's machine endpoints refuse: ``error``, ``error_description`` (RFC 6749 § 5.2, RFC 6750 § 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.oauth.errors import InsufficientScope, InvalidClient, InvalidRequest, OAuthError, UntrustedRequest
from manyou.errors import BadRequest, Problem, TooLarge, TooMany, Unavailable
from web.challenges import Challenged, challenges
from web.problems import status_of
from web.reply import Reply

if TYPE_CHECKING:
    from web.call import Call

__all__ = ["oauth_refusal"]

_ELSEWHERE = (
    (BadRequest, "invalid_request"),
    (TooLarge, "invalid_request"),
    (Unavailable, "temporarily_unavailable"),
    (TooMany, "temporarily_unavailable"),
)
"""Refusals of other rooms in OAuth's words."""


def oauth_refusal(call: Call, problem: Problem) -> Reply:
    """The answer to a refused request; ``detail`` never stands in it."""
    if isinstance(problem, UntrustedRequest):
        error = InvalidRequest.code  # its own code is for our page alone
    elif isinstance(problem, OAuthError | Challenged):
        error = problem.code
    else:
        error = next((word for kind, word in _ELSEWHERE if isinstance(problem, kind)), "server_error")
    body = {"error": error, "error_description": problem.mend}
    return Reply.json(body, status_of(problem)).adding(*_headers(call, problem))


def _headers(call: Call, problem: Problem) -> tuple[tuple[str, str], ...]:
    if isinstance(problem, InvalidClient):
        return (("WWW-Authenticate", 'Basic realm="manyou", charset="UTF-8"'),)
    if isinstance(problem, Challenged):
        return problem.challenge(call)
    if isinstance(problem, InsufficientScope):
        return challenges(call, f'error="{problem.code}", error_description="{problem.mend}"')
    if isinstance(problem, Unavailable | TooMany):
        return (("Retry-After", str(problem.retry_after)),)
    return ()
