"""What a person decides on a page of their own: a device's code, a counter's request; a hall behind a hall.

At both sizes, without scripts, and by the keyboard alone; with the demo's own clients.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from idp.oauth.clients.grant_types import CIBA, DEVICE_CODE, TOKEN_EXCHANGE
from idp.oauth.grants.token_exchange import ACCESS_TOKEN
from tests.flows.chromium import DESKTOP, SIZES, check_page, log_in, opened
from tests.flows.plain_browser import PlainBrowser
from tests.flows.province import CATERING, CHEN, HUANG, LIN, Province
from tests.flows.test_pages import focused

SECONDS = 20
TERMINAL, COUNTER, BACK_OFFICE = "self-service-terminal", "service-counter", "back-office"
VERIFIER, CHALLENGE = "v" * 43, "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"


def ask(province: Province, path: str, client_id: str, **form: str) -> requests.Response:
    """As a client of the demo."""
    secret = province.client(client_id)["client_secret"]
    auth = (client_id, secret) if secret else None
    known = {} if secret else {"client_id": client_id}
    return requests.post(province.issuer + path, data=known | form, auth=auth, timeout=SECONDS)


def begun(province: Province) -> dict[str, Any]:
    found: dict[str, Any] = ask(province, "/device_authorization", TERMINAL, scope="openid profile").json()
    return found


@pytest.mark.parametrize("size", SIZES)
def test_a_device_without_scripts(province: Province, browser: Browser, size: str) -> None:
    waiting = begun(province)
    poll = {"grant_type": DEVICE_CODE, "device_code": waiting["device_code"]}
    with opened(browser, SIZES[size], java_script_enabled=False) as lin:
        page = lin.page()
        page.goto(waiting["verification_uri_complete"])
        log_in(page, province, LIN)
        expect(page.locator("#user_code")).to_have_value(waiting["user_code"])
        assert ask(province, "/token", TERMINAL, **poll).json()["error"] == "authorization_pending"
        page.click("main button")
        expect(page.locator("main")).to_contain_text("自助服务终端")
        expect(page.locator("main")).to_contain_text("127.0.0.1")
        page.click("button[value=allow]")
        expect(page.get_by_role("status")).to_contain_text("已同意")
        tokens = ask(province, "/token", TERMINAL, **poll).json()
        assert tokens["scope"] == "openid profile"
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        told = requests.get(f"{province.issuer}/userinfo", headers=headers, timeout=SECONDS).json()
        assert told["name"] == "林漫"
        page.goto(f"{province.issuer}/account")
        expect(page.locator("main")).to_contain_text("自助服务终端")  # with access, and a button to end it
        assert lin.said == []


@pytest.mark.parametrize("size", SIZES)
def test_a_counter_asks_a_phone(province: Province, browser: Browser, size: str) -> None:
    chen = {"scope": "openid profile", "login_hint": CHEN}
    asked = ask(province, "/backchannel-authentication", COUNTER, **chen, binding_message="W7 窗口").json()
    ask(province, "/backchannel-authentication", COUNTER, **chen, acr_values="urn:manyou:acr:r3-a3")
    with opened(browser, SIZES[size]) as person:
        page = person.page()
        page.goto(f"{province.issuer}/account/requests")
        log_in(page, province, CHEN)
        page.goto(f"{province.issuer}/account/requests")
        check_page(page)
        first, second = page.locator(".waits").all()
        expect(first).to_contain_text("政务服务中心综合窗口")
        expect(first).to_contain_text("W7 窗口")
        assert second.locator("button[value=allow]").count() == 0  # asks for a passkey
        first.locator("button[value=allow]").click()
        expect(page.get_by_role("status")).to_contain_text("已同意")
        check_page(page)
        page.locator(".waits button[value=deny]").click()
        expect(page.get_by_role("status")).to_contain_text("已拒绝")
        expect(page.locator("main")).to_contain_text("没有等待确认的请求")
        check_page(page)
        assert person.said == []
    got = ask(province, "/token", COUNTER, grant_type=CIBA, auth_req_id=asked["auth_req_id"])
    assert got.status_code == 200, got.text


def tab_to(page: Page, selector: str) -> None:
    for _ in range(12):
        if focused(page) == selector:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached")


def test_the_keyboard_alone_lets_a_device_in(province: Province, browser: Browser) -> None:
    waiting = begun(province)
    with opened(browser, DESKTOP) as huang:
        page = huang.page()
        page.goto(waiting["verification_uri"])
        log_in(page, province, HUANG)
        check_page(page)
        tab_to(page, "input#user_code.spaced")
        page.keyboard.type("BCDF-GHJK")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("代码不正确")
        assert page.get_attribute("#user_code", "aria-invalid") == "true"
        assert "refusal" in (page.get_attribute("#user_code", "aria-describedby") or "")
        check_page(page)
        tab_to(page, "input#user_code.spaced")
        page.keyboard.press("Control+A")
        page.keyboard.type(waiting["user_code"].lower().replace("-", ""))
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_contain_text("要让这台设备登录吗")
        check_page(page)
        tab_to(page, "button.quiet")
        assert page.evaluate("document.activeElement.value") == "deny"
        page.keyboard.press("Shift+Tab")
        assert page.evaluate("document.activeElement.value") == "allow"
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("已同意")
        check_page(page)


def test_a_hall_behind_a_hall_fetches_what_the_first_one_may(province: Province) -> None:
    """hall-a asks for a matter, its back office fetches for it; the holder's trace names both."""
    hall, back = province.client("hall-a"), province.client("hall-a")["redirect_uris"][0]
    resource = province.client(BACK_OFFICE)["serves"][0]
    use = {"matter": "food-permit-new", "purpose": "办理食品经营许可新办", "business_number": "SP0000000077"}
    asked = {
        "client_id": "hall-a",
        "response_type": "code",
        "redirect_uri": back,
        "scope": "openid profile",
        "resource": resource,
        "authorization_details": json.dumps([{"type": "elicence", **use}]),
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    with PlainBrowser(stop=lambda url: url.startswith(back)) as browser:
        browser.get(f"{province.issuer}/authorize?{urlencode(asked)}")
        browser.send(identifier=CATERING, password="")
        browser.send(identifier=HUANG, password=province.person(HUANG)["password"]).agree()
        code = parse_qs(urlsplit(browser.left_for).query)["code"][0]
    form = {"code": code, "redirect_uri": back, "code_verifier": VERIFIER}
    first = ask(province, "/token", "hall-a", grant_type="authorization_code", **form).json()["access_token"]
    library = hall["resources"][0]
    exchange = {"grant_type": TOKEN_EXCHANGE, "subject_token": first, "subject_token_type": ACCESS_TOKEN}
    got = ask(province, "/token", BACK_OFFICE, **exchange, resource=library).json()
    assert got["authorization_details"][0]["business_number"] == use["business_number"]
    headers = {"Authorization": f"Bearer {got['access_token']}"}
    used = requests.post(f"{library}/v1/uses", json=use, headers=headers, timeout=SECONDS)
    assert used.status_code == 200, used.text
    assert "91350000MADEM0011T" in used.text
    other = use | {"business_number": "SP0000000078"}
    assert (
        requests.post(f"{library}/v1/uses", json=other, headers=headers, timeout=SECONDS).status_code == 403
    )
    with PlainBrowser() as browser:
        browser.get(f"{province.portal}/login")
        browser.send(identifier=CATERING, password="")
        browser.send(identifier=HUANG, password=province.person(HUANG)["password"]).agree()
        assert (
            "福乐市市场监管办事大厅（经市场监管后台审批系统）"
            in browser.get(f"{province.portal}/trace").page.text
        )
