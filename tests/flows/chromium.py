"""Debian's Chromium under playwright: two sizes, a fresh profile a person, and what every page must keep."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import zxingcpp
from PIL import Image
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.flows.province import Province

__all__ = [
    "DESKTOP",
    "PHONE",
    "SIZES",
    "Early",
    "Person",
    "agree",
    "begun",
    "check_page",
    "code_shown",
    "log_in",
    "logged_out",
    "opened",
    "scanned",
    "show_code",
    "verdict",
]

EXECUTABLE: Final = "/usr/bin/chromium"
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP: Final[dict[str, Any]] = {"viewport": {"width": 1280, "height": 800}}
PHONE: Final[dict[str, Any]] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
SIZES: Final = {"desktop": DESKTOP, "phone": PHONE}
SECONDS: Final = 15
NEWS_SECONDS: Final = 2
"""How old a worker's news may be before it answers nothing from its caches."""

FAULTS: Final = """() => {
  const faults = [];
  const say = (what, element) => faults.push(what + ': ' + (element ? element.outerHTML.slice(0, 120) : ''));
  if (!document.documentElement.lang) say('no lang');
  if (!document.title.trim()) say('no title');
  if (document.querySelectorAll('h1').length !== 1) say(document.querySelectorAll('h1').length + ' h1');
  if (document.querySelectorAll('main').length !== 1) say('not one main');
  if (!document.querySelector('meta[name=viewport]')) say('no viewport');
  for (const each of document.querySelectorAll('[lang=""]')) say('empty lang', each);
  for (const each of document.querySelectorAll('input:not([type=hidden]), select, textarea'))
    if (![...each.labels].some(label => label.textContent.trim()) && !each.getAttribute('aria-label'))
      say('no label', each);
  for (const each of document.querySelectorAll('button, a[href]'))
    if (!each.textContent.trim() && !each.getAttribute('aria-label')) say('no words', each);
  for (const each of document.querySelectorAll('img:not([alt]), svg:not([aria-hidden]):not([aria-label])'))
    say('no text for a picture', each);
  for (const each of document.querySelectorAll('script:not([src]), style, [style]')) say('inline', each);
  for (const each of document.querySelectorAll('*'))
    for (const attribute of each.attributes) if (attribute.name.startsWith('on')) say('handler', each);
  for (const each of document.querySelectorAll('[aria-describedby], [aria-labelledby], label[for]'))
    for (const name of ['aria-describedby', 'aria-labelledby', 'for'])
      for (const id of (each.getAttribute(name) || '').split(' ').filter(Boolean))
        if (!document.getElementById(id)) say('names a missing id', each);
  const ids = [...document.querySelectorAll('[id]')].map(each => each.id);
  if (new Set(ids).size !== ids.length) say('an id twice');
  const width = document.documentElement.scrollWidth;
  if (width > innerWidth) say('wider than the screen: ' + width);
  return faults;
}"""
"""What no page of ours may have; the basics of WCAG 2.2 A and AA, and of the strict policy."""


@dataclass(slots=True)
class Person:
    """Somebody at a screen: a profile of their own, and what the console said."""

    context: BrowserContext
    said: list[str] = field(default_factory=list)

    def page(self) -> Page:
        """A new tab."""
        return self.context.new_page()


@dataclass(frozen=True, slots=True)
class Early:
    """A code that was on a screen when the run began, and the tab that goes on showing its successors."""

    page: Page
    address: str
    screenshot: bytes
    at: float
    """By this machine's clock, unix seconds."""


@contextmanager
def begun() -> Iterator[Browser]:
    """Chromium, started."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=EXECUTABLE, headless=True, args=list(FLAGS), chromium_sandbox=False
        )
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, size: dict[str, Any], **more: Any) -> Iterator[Person]:
    """A fresh profile; more than an expected refusal in the console is told by ``Person.said``."""
    context = browser.new_context(locale="zh-CN", **size, **more)
    context.set_default_timeout(SECONDS * 1000)
    person = Person(context)
    context.on(
        "console",
        lambda message: person.said.append(message.text) if message.type in {"error", "warning"} else None,
    )
    context.on("weberror", lambda error: person.said.append(str(error.error)))
    yield person
    context.close()


def check_page(page: Page) -> None:
    """Fail with everything that is wrong on the page."""
    faults = page.evaluate(FAULTS)
    assert faults == [], (page.url, faults)


def log_in(page: Page, province: Province, number: str, organisation: str | None = None) -> None:
    """Fill in the open login page, and the steps that follow it."""
    if organisation is not None:
        page.fill("#identifier", organisation)
        page.click("main button")
        page.wait_for_url(lambda url: "/login/acting" in url)
    page.fill("#identifier", number)
    page.fill("#password", province.person(number)["password"])
    page.press("#password", "Enter")
    page.wait_for_url(lambda url: "/login?" not in url and "/login/acting" not in url)
    if "/login/otp" in page.url:
        page.fill("#otp", province.otp(number))
        page.click("main button")
        page.wait_for_url(lambda url: "/login/otp" not in url)


def agree(page: Page) -> None:
    """Say yes where a consent page is open."""
    if "/consent?" in page.url:
        page.click("button[value=allow]")
        page.wait_for_url(lambda url: "/consent?" not in url)


def logged_out(page: Page, hall: str) -> bool:
    """Whether the hall asks for a login, at the latest when the news of a logout may no longer be missed."""
    until = time.monotonic() + NEWS_SECONDS
    while True:
        page.goto(f"{hall}/me")
        if "/login?" in page.url or time.monotonic() > until:
            return "/login?" in page.url
        page.wait_for_timeout(50)


def show_code(page: Page, province: Province, kind: str) -> None:
    """Open the code of the holder's newest licence of that type that can be shown."""
    page.goto(f"{province.portal}/file")
    shown = page.locator(".card").filter(has_text=kind).get_by_role("link", name="出示证照码")
    shown.first.click()
    page.wait_for_url(lambda url: url.endswith("/code"))


def code_shown(page: Page) -> str:
    """The address in the code on the holder's screen, as the page has it."""
    return page.get_attribute(".code svg", "data-url") or ""


def scanned(screenshot: bytes) -> str:
    """What a phone's camera reads off a screen: the one code in the picture."""
    found = [each.text for each in zxingcpp.read_barcodes(Image.open(io.BytesIO(screenshot)))]
    assert len(found) == 1, found
    return found[0]


def verdict(page: Page, address: str) -> str:
    """Open a code's address as a camera does, press the button, and read the verdict's reason code."""
    page.goto(re.sub(r"^HTTP://", "http://", address))
    page.click("main button")
    return page.get_attribute("[data-verdict]", "data-verdict") or ""
