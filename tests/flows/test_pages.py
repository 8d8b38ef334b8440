"""Every page at both sizes: labels, languages, one heading, no inline script; and the way in by keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.flows.chromium import DESKTOP, SIZES, Person, agree, check_page, log_in, opened
from tests.flows.province import HUANG, Province

pytestmark = pytest.mark.usefixtures("early")
AT_PROVIDER = (
    "/login",
    "/activate",
    "/development/sms",
    "/account",
    "/account/password",
    "/account/totp",
    "/account/requests",
    "/device",
    "/logout",
    "/no-such-page",
    "/authorize?client_id=nobody",
)
AT_PORTAL = ("/", "/file", "/trace", "/verify", "/logout", "/no-such-page", "/V/123")
REFUSED = ("status of 404", "status of 400", "status of 403")
"""What the console says of pages that refuse."""


@pytest.fixture(scope="module", params=SIZES)
def huang(province: Province, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Person]:
    with opened(browser, SIZES[request.param]) as person:
        page = person.page()
        page.goto(f"{province.portal}/login")
        log_in(page, province, HUANG)
        yield person
        unexpected = [each for each in person.said if not any(word in each for word in REFUSED)]
        assert unexpected == []


def links_to(page: Page, pattern: str) -> list[str]:
    return [link.get_attribute("href") or "" for link in page.locator(f"a[href*='{pattern}']").all()]


def test_pages_keep_to_the_basics(province: Province, huang: Person) -> None:
    page = huang.page()
    for path in AT_PROVIDER:
        page.goto(province.issuer + path)
        check_page(page)
    for path in AT_PORTAL:
        page.goto(province.portal + path)
        check_page(page)
    page.goto(f"{province.portal}/file")
    for path in links_to(page, "/licences/"):
        page.goto(province.portal + path)
        check_page(page)
    page.goto(f"{province.hall_a}/me")
    agree(page)
    check_page(page)
    page.goto(f"{province.issuer}/account")
    expect(page.locator("main")).to_contain_text("福乐市市场监管办事大厅")
    check_page(page)
    page.close()


def test_refused_forms_tell_why_and_keep_to_the_basics(province: Province, browser: Browser) -> None:
    with opened(browser, DESKTOP) as stranger:
        page = stranger.page()
        page.goto(f"{province.issuer}/login")
        page.fill("#identifier", "350000199001010099")
        page.fill("#password", "not the password")
        page.click("main button")
        expect(page.get_by_role("alert")).to_contain_text("不正确")
        assert page.get_attribute("#identifier", "aria-invalid") == "true"
        assert "refusal" in (page.get_attribute("#identifier", "aria-describedby") or "")
        assert page.input_value("#identifier") == ""  # nothing that was typed comes back
        check_page(page)
        page.goto(f"{province.issuer}/login")
        page.fill("#identifier", "91350000MADEM00030")
        page.click("main button")
        page.wait_for_url(lambda url: "/login/acting" in url)
        check_page(page)
        page.goto(f"{province.issuer}/activate")
        page.fill("#name", "某某")
        page.fill("#identifier", "350000199001010099")
        page.click("main button")
        page.wait_for_url(lambda url: "/activate/code" in url)
        check_page(page)
        page.fill("#code", "000000000000")
        page.click("main button")
        expect(page.get_by_role("alert")).to_be_visible()
        check_page(page)
        page.goto(f"{province.portal}/verify")
        page.fill("#code", "123")
        page.click("main button")
        expect(page.locator("[data-verdict]")).to_have_attribute("data-verdict", "unreadable")
        check_page(page)


def test_the_keyboard_alone_leads_in(province: Province, browser: Browser) -> None:
    with opened(browser, DESKTOP) as somebody:
        page = somebody.page()
        page.goto(f"{province.hall_b}/")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: url.startswith(f"{province.issuer}/login"))
        reached = []
        for _ in range(4):
            page.keyboard.press("Tab")
            reached.append(focused(page))
        assert reached == ["a.skip", "input#identifier", "input#password", "button"]
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Shift+Tab")
        page.keyboard.type(HUANG)
        page.keyboard.press("Tab")
        page.keyboard.type(province.person(HUANG)["password"])
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/login" not in url)
        if "/consent?" in page.url:
            while focused(page) != "button":
                page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.value") == "allow"
            page.keyboard.press("Enter")
        page.wait_for_url(f"{province.hall_b}/me")
        expect(page.locator("main")).to_contain_text("黄一诺")


def focused(page: Page) -> str:
    """What has the focus, as a short selector."""
    return str(
        page.evaluate(
            "(at => at.tagName.toLowerCase() + (at.id ? '#' + at.id : '')"
            " + (at.className ? '.' + at.className : ''))(document.activeElement)"
        )
    )
