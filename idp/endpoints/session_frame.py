"""The one page of ours that others may put into a frame (Session Management 1.0 § 3.2), for halls alone.

It holds a script and nothing of anybody. Who may frame it goes by who does: the origin that the browser
names, where a client's pages stand there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idp.oauth.origin import origin_of
from idp.oauth.requests.session_state import SESSION_FRAME
from web.endpoint import Endpoint, public
from web.reply import HTML, NO_STORE, Reply

if TYPE_CHECKING:
    from idp.oauth.clients.registered import Clients
    from web.call import Call

__all__ = ["session_frame_endpoints"]

PAGE: Final = (
    b'<!doctype html>\n<html lang="zh-CN"><meta charset="utf-8"><title>Manyou</title>'
    b'<script src="/static/session-frame.js"></script></html>\n'
)
LISTED_MOST: Final = 4000
"""Characters of a policy that names every origin; browsers and proxies take headers of 8 KiB."""


def session_frame_endpoints(clients: Clients) -> tuple[Endpoint, ...]:
    """The page; its script is a static file."""

    def get(call: Call) -> Reply:
        policy = f"default-src 'none'; script-src 'self'; base-uri 'none'; frame-ancestors {_framing(call)}"
        return Reply(200, PAGE, (*HTML, *NO_STORE, ("Content-Security-Policy", policy)))

    def _framing(call: Call) -> str:
        known = clients.origins()
        framed_by = call.header("Referer")
        if framed_by is not None:
            origin = _origin(framed_by)
            return origin if origin in known else "'none'"
        listed = " ".join(sorted(known))  # a browser that names nobody: all of them
        return listed if 0 < len(listed) <= LISTED_MOST else "'none'"

    anybody = public("holds nothing of anybody; its script reads a cookie that opens nothing")
    return (Endpoint("GET", SESSION_FRAME, get, anybody),)


def _origin(uri: str) -> str:
    try:
        return origin_of(uri) or ""
    except ValueError:
        return ""
