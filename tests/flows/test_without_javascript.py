"""The same pages in a browser that runs no script: login, consent, licences, code, check, logout."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.flows.chromium import SIZES, agree, code_shown, logged_out, opened, scanned, verdict
from tests.flows.province import LIN, SNACKS, Province

pytestmark = pytest.mark.usefixtures("early")


@pytest.mark.parametrize("size", SIZES)
def test_everything_works_without_javascript(province: Province, browser: Browser, size: str) -> None:
    with (
        opened(browser, SIZES[size], java_script_enabled=False) as lin,
        opened(browser, SIZES[size], java_script_enabled=False) as somebody,
    ):
        page, camera = lin.page(), somebody.page()
        page.goto(f"{province.hall_a}/me")
        page.fill("#identifier", SNACKS)
        page.click("main button")
        page.fill("#identifier", LIN)
        page.fill("#password", province.person(LIN)["password"])
        page.click("main button")
        agree(page)
        expect(page.locator("main")).to_contain_text("林漫小吃店")
        page.get_by_role("button", name="申请并同意用证").click()
        agree(page)
        expect(page.locator("main")).to_contain_text("已取得")

        page.goto(f"{province.portal}/file")
        card = page.locator(".card").filter(has_text="营业执照")
        card.get_by_role("link", name="出示证照码").click()
        expect(page.locator(".notice.warn")).to_be_visible()  # says that this code does not turn by itself
        first = scanned(page.screenshot())
        page.get_by_role("link", name="更新证照码").click()
        second = scanned(page.screenshot())
        assert second == code_shown(page) != first

        for address in (first, second):
            assert verdict(camera, address) == "valid"
            expect(camera.locator("main")).to_contain_text("林漫小吃店")
        camera.goto(f"{province.portal}/verify")
        camera.fill("#code", " ".join(second.rpartition("/")[2]))
        camera.click("main button")
        expect(camera.locator("[data-verdict]")).to_have_attribute("data-verdict", "valid")

        page.goto(f"{province.portal}/trace")
        expect(page.locator("ol.trace")).to_contain_text("扫码核验")
        page.goto(f"{province.issuer}/account")
        expect(page.locator("main")).to_contain_text("福乐市市场监管办事大厅")
        page.goto(f"{province.portal}/logout")
        page.click("main button")
        page.wait_for_url(f"{province.portal}/")
        assert logged_out(page, province.hall_a)
        assert lin.said == somebody.said == []
