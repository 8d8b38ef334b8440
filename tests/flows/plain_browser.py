"""A browser without JavaScript: follows redirects, keeps cookies, finds the page's forms and sends them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urljoin

import requests
from typing_extensions import override

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter

    from tests.flows.province import Province

__all__ = ["Form", "PlainBrowser", "forms"]

SECONDS = 20


@dataclass(slots=True)
class Form:
    """A form of a page; ``fields`` holds what a browser would send untouched."""

    method: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(given.get("method", "get").lower(), given.get("action", "")))
        elif tag in {"input", "textarea"} and self.found and "name" in given:
            self.found[-1].inputs.append(given["name"])
            if given.get("type") == "hidden" or (given.get("type") == "checkbox" and "checked" in given):
                self.found[-1].fields[given["name"]] = given.get("value", "")


def forms(html: str) -> list[Form]:
    """All forms of a page."""
    parser = _Forms()
    parser.feed(html)
    return parser.found


class PlainBrowser:
    """One browser. ``transport``: another way to the sites than sockets."""

    def __init__(
        self, transport: BaseAdapter | None = None, *, stop: Callable[[str], bool] | None = None
    ) -> None:
        """``stop``: do not follow a redirect to such an address; ``left_for`` then holds it."""
        self.session = requests.Session()
        self.page = requests.Response()
        self.left_for = ""
        self._stop = stop
        if transport is not None:
            self.session.mount("http://", transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    @property
    def url(self) -> str:
        """Where the browser is."""
        return self.page.url

    @property
    def text(self) -> str:
        """The page's text, spaces folded."""
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", self.page.text)))

    def get(self, url: str) -> PlainBrowser:
        """Open an address."""
        return self._go("GET", url)

    def send(self, action: str = "", **typed: str) -> PlainBrowser:
        """Fill in the form (the one whose action begins so, where there are several) and send it."""
        form = next(each for each in forms(self.page.text) if each.action.startswith(action))
        return self._go("POST", urljoin(self.url, form.action), data=form.fields | typed)

    def log_in(self, province: Province, number: str, organisation: str | None = None) -> PlainBrowser:
        """Fill in the open login page, and the steps that follow it."""
        if organisation is not None:
            self.send(identifier=organisation, password="")
        self.send(identifier=number, password=province.person(number)["password"])
        if "/login/otp" in self.url:
            self.send(otp=province.otp(number))
        return self

    def agree(self) -> PlainBrowser:
        """Say yes where a consent page is open."""
        if "/consent?" in self.url and not self.left_for:
            self.send("/consent", decision="allow")
        return self

    def _go(self, method: str, url: str, **request: Any) -> PlainBrowser:
        self.left_for = ""
        page = self.session.request(method, url, timeout=SECONDS, allow_redirects=False, **request)
        while page.is_redirect:
            target = urljoin(page.url, page.headers["Location"])
            if self._stop is not None and self._stop(target):
                self.left_for = target
                break
            page = self.session.get(target, timeout=SECONDS, allow_redirects=False)
        self.page = page
        return self
