"""/authorize. A POST becomes a GET: Lax cookies do not come with a form that another site posted."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from idp.oauth.authorization import authorize
from idp.oauth.errors import UntrustedRequest
from idp.oauth.requests import login_hint
from web.endpoint import Endpoint, public
from web.problems import to_page
from web.reply import Reply

if TYPE_CHECKING:
    from idp.oauth.engine import Engine
    from manyou.errors import Problem
    from web.call import Call
    from web.pages import Pages

__all__ = ["authorize_endpoints"]


def authorize_endpoints(engine: Engine, pages: Pages) -> tuple[Endpoint, ...]:
    """The authorization endpoint, both methods (RFC 6749 § 3.1)."""
    anybody = public("anybody may begin; AUTHORIZATION_CHECKS decide, the session among them")

    def get(call: Call) -> Reply:
        return authorize(engine, pages, call)

    def post(call: Call) -> Reply:
        query = urlencode(login_hint.sealed(engine.keys, call.form.pairs(), call.now))
        if len(query) > engine.settings.request_most:
            raise UntrustedRequest("Send a shorter authorization request.")
        return Reply.redirect("/authorize?" + query)

    def refuse(call: Call, problem: Problem) -> Reply:
        return to_page(call, problem, pages)

    return (
        Endpoint("GET", "/authorize", get, anybody, page=True),
        Endpoint("POST", "/authorize", post, anybody, refuse=refuse),
    )
