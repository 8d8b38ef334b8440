"""The whole story in Chromium, at a desk and on a phone; the code read off screenshots as a camera would."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from manyou import status
from manyou.offline import OfflineVerifier
from manyou.trust import Pin
from tests.flows.chromium import (
    PHONE,
    SIZES,
    agree,
    check_page,
    code_shown,
    log_in,
    logged_out,
    opened,
    scanned,
    show_code,
    verdict,
)
from tests.flows.province import CATERING, CHEN, FOOD, LIN, Province, food_permit

pytestmark = pytest.mark.usefixtures("early")
REVOCATION_SECONDS = 5
PERMITS = {"desktop": "JY13500000000101", "phone": "JY13500000000119"}


def sub(page: Page) -> str:
    """Under which number the open hall knows the person."""
    return page.locator("p:has-text('known here as') code").inner_text()


@pytest.mark.parametrize("size", SIZES)
def test_one_login_at_two_halls_and_one_logout(province: Province, browser: Browser, size: str) -> None:
    with opened(browser, SIZES[size]) as lin:
        page = lin.page()
        page.goto(f"{province.hall_a}/")
        page.get_by_role("link", name="登录").click()
        check_page(page)
        assert page.url.startswith(f"{province.issuer}/login?")
        log_in(page, province, LIN)
        if "/consent?" in page.url:  # asked once a person and hall
            check_page(page)
            expect(page.get_by_text("福乐市市场监管办事大厅")).to_be_visible()
            agree(page)
        assert page.url == f"{province.hall_a}/me"
        expect(page.get_by_text("林漫")).to_be_visible()
        at_a = sub(page)
        page.goto(f"{province.hall_b}/me")
        assert page.locator("#password").count() == 0
        agree(page)
        assert page.url == f"{province.hall_b}/me"
        expect(page.get_by_text("林漫")).to_be_visible()
        assert sub(page) != at_a
        page.get_by_role("button", name="退出登录").click()
        page.wait_for_url(f"{province.hall_b}/")
        for hall in (province.hall_a, province.hall_b):
            assert logged_out(page, hall)
        page.goto(f"{province.hall_a}/")
        expect(page.get_by_text("林漫")).to_have_count(0)
        assert lin.said == []


@pytest.mark.parametrize("size", SIZES)
def test_a_company_from_its_login_to_the_end_of_its_permit(
    province: Province, browser: Browser, size: str
) -> None:
    with opened(browser, SIZES[size]) as chen, opened(browser, PHONE) as somebody:
        page, camera = chen.page(), somebody.page()
        number = use_of_the_business_licence(page, province)
        page.goto(f"{province.portal}/trace")
        use = page.locator(".card").filter(has_text=number)
        for words in ("使用", "营业执照", "福乐市市场监管办事大厅", "办理食品经营许可新办", "经营范围"):
            expect(use).to_contain_text(words)
        check_page(page)

        permit = issue(province, PERMITS[size])
        page.goto(f"{province.portal}/file")
        check_page(page)
        expect(
            page.locator(".card").filter(has_text="食品经营许可证").filter(has_text="有效").first
        ).to_be_visible()
        show_code(page, province, "食品经营许可证")
        check_page(page)
        address = scanned(page.screenshot())
        assert address == code_shown(page)

        assert verdict(camera, address) == "valid"
        check_page(camera)
        for words in ("真实有效", "食品经营许可证", "示范漫游食品有限公司", FOOD, "示范省市场监督管理局"):
            expect(camera.locator("main")).to_contain_text(words)
        spent_by_a_registered_verifier(province, camera, address)

        page.reload()
        address = scanned(page.screenshot())
        revoked_within_seconds(province, camera, address, permit)
        expect(camera.locator("main")).to_contain_text("吊销")
        check_page(camera)
        page.goto(f"{province.portal}/file")
        ended = page.locator(".card.ended").filter(has_text="食品经营许可证").first
        expect(ended).to_contain_text("吊销")
        assert ended.get_by_role("link", name="出示证照码").count() == 0
        page.goto(f"{province.portal}/trace")
        for words in ("某人（未登录）", "市场监管执法检查终端", "吊销"):
            expect(page.locator("ol.trace")).to_contain_text(words)
        assert chen.said == []
        assert somebody.said == []


def use_of_the_business_licence(page: Page, province: Province) -> str:
    """Log in for the company at hall A and let it fetch the business licence; the case's number."""
    page.goto(f"{province.hall_a}/me")
    log_in(page, province, CHEN, FOOD)
    agree(page)
    expect(page.locator("main")).to_contain_text("示范漫游食品有限公司")
    expect(page.locator("main")).to_contain_text("陈小游")
    page.get_by_role("button", name="申请并同意用证").click()
    page.wait_for_url(lambda url: "/consent?" in url)
    check_page(page)
    for words in ("示范漫游食品有限公司", "食品经营许可新办", "营业执照", "法定代表人", "经营范围"):
        expect(page.locator("main")).to_contain_text(words)
    agree(page)
    page.wait_for_url(f"{province.hall_a}/cases/*")
    for words in ("已取得", "经营范围", "示范省福乐市漫游路1号", "陈小游"):
        expect(page.locator("main")).to_contain_text(words)
    assert "人民币壹佰万元整" not in page.content()  # the matter does not ask for the capital
    return page.url.rpartition("/")[2]


def issue(province: Province, number: str) -> str:
    """The authority issues the company's food permit through the SDK; its identifier."""
    authority = province.hall("market-supervision")
    library = authority.licences
    token = authority.client_token(scope="issue", resource=library.resource).access_token
    issued = library.issue(token, food_permit(number), idempotency_key=f"story-{number}")
    again = library.issue(token, food_permit(number), idempotency_key=f"story-{number}")
    assert issued["identifier"] == again["identifier"]
    return str(issued["identifier"])


def spent_by_a_registered_verifier(province: Province, camera: Page, address: str) -> None:
    """The inspector sees fields and spends the code; the same inspector sees it again, nobody else."""
    inspector = province.hall("market-inspection")
    token = inspector.client_token(scope="check", resource=inspector.licences.resource).access_token
    asked = {"purpose": "日常监督检查", "business_number": "JC20260001"}
    for _ in range(2):
        seen = inspector.licences.check(address, token, **asked)
        assert seen["verdict"] == "valid"
        assert "items" in {each["name"] for each in seen["fields"]}
    assert verdict(camera, address) == "already_used"
    expect(camera.locator("main")).to_contain_text("已被使用")


def revoked_within_seconds(province: Province, camera: Page, address: str, identifier: str) -> None:
    """Another verifier has the lists in its cache; the authority revokes; online and by the list it shows."""
    verifier = ListsVerifier(province)
    assert verifier.check(address) == "valid"
    assert verdict(camera, address) == "valid"
    authority = province.hall("market-supervision")
    token = authority.client_token(scope="issue", resource=authority.licences.resource).access_token
    authority.licences.transition(
        token, identifier, {"operation": "revoke", "reason": "抽检发现使用过期原料"}
    )
    answered = time.monotonic()
    assert verdict(camera, address) == "revoked"
    while verifier.check(address) == "valid":
        assert time.monotonic() < answered + REVOCATION_SECONDS
        time.sleep(0.1)
    assert verifier.check(address) == "no_longer_valid"
    assert time.monotonic() < answered + REVOCATION_SECONDS


class ListsVerifier:
    """A verifier that knows a pinned anchor and keeps the lists as long as their headers let it."""

    def __init__(self, province: Province) -> None:
        self._hall = province.hall("market-inspection")
        self._issuer = province.issuer
        self._anchor = province.facts["trust_anchor"]
        self._kept: dict[str, tuple[float, str]] = {}

    def check(self, address: str) -> str:
        now = int(time.time())
        trust = Pin((self._anchor,), "demo").verify(self._fetched("trust-list"), now)
        lists = {
            number: status.verify(self._fetched(f"status/{number}"), number, trust, now)
            for number in trust.status_lists
        }
        return OfflineVerifier(trust, lists).check(address, now).verdict.value

    def _fetched(self, path: str) -> str:
        ends, text = self._kept.get(path, (0.0, ""))
        if time.monotonic() < ends:
            return text
        response: Any = self._hall._channel.call("GET", f"{self._issuer}/elicence/v1/{path}")
        age = re.search(r"max-age=(\d+)", response.headers["Cache-Control"])
        assert age
        self._kept[path] = time.monotonic() + int(age[1]), response.text
        return str(response.text)


def test_another_licences_code_never_shows_this_holder(province: Province, browser: Browser) -> None:
    with opened(browser, PHONE) as lin, opened(browser, PHONE) as somebody:
        page, camera = lin.page(), somebody.page()
        page.goto(f"{province.portal}/login")
        log_in(page, province, LIN)
        show_code(page, province, "结婚证")
        address = scanned(page.screenshot())
        assert verdict(camera, address) == "valid"
        shown = camera.locator("main").inner_text()
        assert "结婚证" in shown
        assert "*" in shown  # a person is masked
        for hidden in (FOOD, CATERING, "示范漫游", "示范海丝", "陈小游", "林漫", LIN, CHEN):
            assert hidden not in shown
