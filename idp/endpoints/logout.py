"""/logout: asked for by a hall or by the person; a page of ours asks where nothing proves who wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from idp.oauth.errors import UntrustedRequest
from idp.oauth.logout.logout import leaving
from web.endpoint import Endpoint, public
from web.problems import to_page
from web.reply import Reply

if TYPE_CHECKING:
    from idp.oauth.engine import Engine
    from idp.oauth.logout.farewell import Farewell
    from manyou.errors import Problem
    from web.call import Call
    from web.pages import Pages

__all__ = ["logout_endpoints"]


def logout_endpoints(engine: Engine, farewell: Farewell, pages: Pages) -> tuple[Endpoint, ...]:
    """The end-session endpoint and the page that asks."""

    def get(call: Call) -> Reply:
        asked = leaving(engine, call.query)
        session = engine.sign_on.current(call)
        if asked.proves(engine, session):
            return farewell.part(call, session, asked.back)
        name = (asked.client.name_zh, asked.client.name_en) if asked.client else None
        return pages.page(call, "idp/logout.html", query=call.query_string, hall=name, leads_elsewhere=True)

    def post(call: Call) -> Reply:
        query = urlencode(call.form.pairs())
        if len(query) > engine.settings.request_most:
            raise UntrustedRequest("Send a shorter logout request.")
        return Reply.redirect("/logout?" + query)

    def confirm(call: Call) -> Reply:
        return farewell.part(call, engine.sign_on.current(call), leaving(engine, call.query).back)

    def refuse(call: Call, problem: Problem) -> Reply:
        return to_page(call, problem, pages)

    anybody = public("who has no session has nothing to end; ending one takes proof or the page's button")
    return (
        Endpoint("GET", "/logout", get, anybody, page=True),
        Endpoint("POST", "/logout", post, anybody, refuse=refuse),
        Endpoint("POST", "/logout/confirm", confirm, anybody, page=True),
    )
