"""What ends access is felt at once where it was asked for; other workers hear of it by the feed.

RFC 7009 § 2.1: "the invalidation takes place immediately". The work has committed when the handler returns,
so reading the feed before the answer leaves makes this worker's own caches forget what was ended.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from idp.oauth.errors import InvalidGrant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from store import Feed
    from web.call import Call
    from web.endpoint import Endpoint
    from web.reply import Reply

__all__ = ["ENDING", "at_once"]

ENDING: Final = frozenset(
    {
        ("POST", "/revoke"),
        ("GET", "/logout"),
        ("POST", "/logout/confirm"),
        ("POST", "/account/logout"),
        ("POST", "/account/sessions/end"),
        ("POST", "/account/halls/end"),
        ("POST", "/account/password"),
        ("POST", "/activate/password"),
    }
)
"""Routes that end a token, a session or a consent: too rare for the reading to cost."""

REPLAY: Final = ("POST", "/token")
"""A code or refresh token shown again ends what its first use gave, and is refused."""


def at_once(endpoints: Iterable[Endpoint], feed: Feed) -> tuple[Endpoint, ...]:
    """The endpoints; those that end access read the feed before they answer."""
    return tuple(_reading(each, feed) for each in endpoints)


def _reading(endpoint: Endpoint, feed: Feed) -> Endpoint:
    def ending(call: Call) -> Reply:
        reply = endpoint.handle(call)
        feed.poll()
        return reply

    def exchanging(call: Call) -> Reply:
        try:
            return endpoint.handle(call)
        except InvalidGrant:
            feed.poll()
            raise

    route = endpoint.method, endpoint.path
    if route == REPLAY:
        return replace(endpoint, handle=exchanging)
    return replace(endpoint, handle=ending) if route in ENDING else endpoint
