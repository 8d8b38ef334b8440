"""/logout: asked for by a hall or by the person; a page of ours asks where nothing proves who wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from idp.oauth.errors import UntrustedRequest
from idp.oauth.logout import Leaving, end, leaving
from web.endpoint import Endpoint, public
from web.problems import to_page
from web.reply import Reply

if TYPE_CHECKING:
    from idp.oauth.engine import Engine
    from idp.sessions.session import Session
    from manyou.errors import Problem
    from web.call import Call
    from web.pages import Pages

__all__ = ["logout_endpoints"]


def logout_endpoints(engine: Engine, pages: Pages) -> tuple[Endpoint, ...]:
    """The end-session endpoint and the page that asks."""

    def get(call: Call) -> Reply:
        asked = leaving(engine, call.query)
        session = engine.sign_on.current(call)
        if asked.proves(engine, session):
            return _leave(call, asked, session)
        name = (asked.client.name_zh, asked.client.name_en) if asked.client else None
        return pages.page(
            call, "idp/logout.html", query=call.query_string, hall=name, done=False, leads_elsewhere=True
        )

    def post(call: Call) -> Reply:
        query = urlencode(call.form.pairs())
        if len(query) > engine.settings.request_most:
            raise UntrustedRequest("Send a shorter logout request.")
        return Reply.redirect("/logout?" + query)

    def confirm(call: Call) -> Reply:
        return _leave(call, leaving(engine, call.query), engine.sign_on.current(call))

    def _leave(call: Call, asked: Leaving, session: Session | None) -> Reply:
        if session is not None:
            end(engine, session, call.now)
        if asked.back is not None:
            return Reply.redirect(asked.back, (engine.sign_on.forget(),))
        page = pages.page(call, "idp/logout.html", query="", hall=None, done=True)
        return page.adding(engine.sign_on.forget())

    def refuse(call: Call, problem: Problem) -> Reply:
        return to_page(call, problem, pages)

    anybody = public("who has no session has nothing to end; ending one takes proof or the page's button")
    return (
        Endpoint("GET", "/logout", get, anybody, page=True),
        Endpoint("POST", "/logout", post, anybody, refuse=refuse),
        Endpoint("POST", "/logout/confirm", confirm, anybody, page=True),
    )
