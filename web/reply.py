"""What goes back: status, headers, body. Pure data; ``answer`` adds the security headers."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

__all__ = ["HTML", "NO_STORE", "Reply"]

NO_STORE = (("Cache-Control", "no-store"),)

_encode = msgspec.json.Encoder().encode
_URL_SAFE = "!#$%&'()*+,/:;=?@[]~"
_JSON = (("Content-Type", "application/json"),)
HTML = (("Content-Type", "text/html; charset=utf-8"),)

Headers = tuple[tuple[str, str], ...]


class Reply(msgspec.Struct, frozen=True):
    """One HTTP answer."""

    status: int
    body: bytes = b""
    headers: Headers = ()
    page: bool = False
    """Made by ``Pages``, which has put the security headers of a page in."""

    @classmethod
    def json(cls, value: Any, status: int = 200, headers: Headers = NO_STORE) -> Reply:
        """JSON of anything msgspec encodes; not cached unless ``headers`` say otherwise."""
        return cls(status, _encode(value), _JSON + headers)

    @classmethod
    def redirect(cls, location: str, headers: Headers = ()) -> Reply:
        """303 See Other: the next request is always a GET without our form in it (RFC 9700 § 4.12).

        What may not stand in a URL is percent-encoded: a line break would begin a header of the caller's own,
        and browsers drop tabs, so that ``/<tab>/host`` would lead to another host.
        """
        return cls(303, b"", (("Location", quote(location, safe=_URL_SAFE)), *NO_STORE, *headers))

    def header(self, name: str) -> str | None:
        """The first header of that name, any case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def adding(self, *headers: tuple[str, str]) -> Reply:
        """The same answer with more headers."""
        return Reply(self.status, self.body, self.headers + headers, self.page)
