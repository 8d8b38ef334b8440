"""A form counts only when it comes from a page that this very browser was given.

1. The browser holds a random value in a cookie that other sites can neither read nor set (``__Host-``).
2. Every form carries an HMAC of that value under a key of ours.
3. A POST is refused unless the two match and, where the browser says so, it comes from our own origin.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from web.errors import CrossSiteForm

if TYPE_CHECKING:
    from web.call import Call
    from web.transport import Transport

__all__ = ["FIELD", "FormGuard"]

FIELD = "csrf"
COOKIE = "manyou-browser"
YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class FormGuard:
    """Makes and checks form tokens. ``mac``: HMAC-SHA256 under a key for this purpose alone."""

    mac: Callable[[bytes], bytes]
    transport: Transport

    def browser(self, call: Call) -> str | None:
        """The browser's value where it has one of the right form."""
        value = call.cookies.get(self.transport.cookie_name(COOKIE), "")
        return value if len(value) == 43 and value.isascii() else None

    def new_browser(self) -> tuple[str, tuple[str, str]]:
        """A fresh value and the header that gives it to the browser."""
        value = secrets.token_urlsafe(32)
        return value, self.transport.set_cookie(COOKIE, value, max_age=YEAR)

    def token(self, browser: str) -> str:
        """The form token that belongs to a browser's value."""
        return base64.urlsafe_b64encode(self.mac(browser.encode())).decode().rstrip("=")

    def check(self, call: Call) -> None:
        """Refuse a POST that did not come from our own page in this browser.

        Raises:
            CrossSiteForm: no cookie, no token, another's token, or another origin.

        """
        if call.header("Sec-Fetch-Site") not in (None, "same-origin", "none"):
            raise CrossSiteForm(detail="Sec-Fetch-Site")
        origin = call.header("Origin")
        if origin is not None and origin != f"{self.transport.scheme}://{call.host}":
            raise CrossSiteForm(detail="Origin")
        browser = self.browser(call)
        token = call.form.get(FIELD)
        if browser is None or token is None:
            raise CrossSiteForm(detail="no cookie or no token")
        if not hmac.compare_digest(token.encode(), self.token(browser).encode()):
            raise CrossSiteForm(detail="token of another browser")
