"""The main job over HTTP: one login at two halls and the portal, a licence shown, used, checked and revoked.

A browser without JavaScript goes through the pages; every form works without it.
"""

from __future__ import annotations

import re
import runpy
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from manyou.hall import Hall
from manyou.trust import Pin
from manyou.verifier import Verifier
from tests.flows.plain_browser import PlainBrowser
from tests.flows.province import CATERING, HUANG, LIN, SNACKS, Province, food_permit

CHECKOUT = Path(__file__).parents[2]
NEWS_SECONDS = 2
"""How old a worker's news may be before it answers nothing from its caches."""
LIST_SECONDS = 5
"""A change stands in the published status list after this time at the latest."""


@pytest.fixture
def browser() -> Iterator[PlainBrowser]:
    with PlainBrowser() as found:
        yield found


def sub(browser: PlainBrowser) -> str:
    found = re.search(r"known here as</span> <code>([^<]+)</code>", browser.page.text)
    assert found, browser.text
    return found[1]


def test_one_login_two_halls_and_one_logout(province: Province, browser: PlainBrowser) -> None:
    hall_a, hall_b = province.hall_a, province.hall_b
    browser.get(f"{hall_a}/me").log_in(province, LIN).agree()
    assert browser.url == f"{hall_a}/me"
    assert "林漫" in browser.text
    at_a = sub(browser)
    browser.get(f"{hall_b}/me")
    assert "password" not in browser.page.text
    browser.agree()
    assert "林漫" in browser.text
    assert sub(browser) != at_a
    browser.get(f"{province.portal}/file")
    assert browser.url == f"{province.portal}/file"
    browser.get(f"{hall_a}/me").send("/logout")
    assert browser.url == f"{hall_a}/"
    for page in (f"{hall_a}/me", f"{hall_b}/me", f"{province.portal}/trace"):
        until = time.monotonic() + NEWS_SECONDS
        while 'name="identifier"' not in browser.get(page).page.text and time.monotonic() < until:
            time.sleep(0.05)
        assert 'name="identifier"' in browser.page.text, page
    assert "林漫" not in browser.get(f"{hall_b}/").text


def test_a_hall_fetches_a_licence_and_the_holder_reads_it(province: Province, browser: PlainBrowser) -> None:
    hall_a = province.hall_a
    browser.get(f"{hall_a}/me").log_in(province, HUANG, CATERING).agree()
    assert "示范海丝餐饮管理有限公司" in browser.text
    assert "黄一诺" in browser.text
    browser.send("/apply")
    assert "办理食品经营许可新办" in browser.text, browser.text
    browser.agree()
    assert "/cases/SP" in browser.url, browser.text
    assert "✓ 已取得" in browser.text
    assert "经营范围" in browser.text
    number = browser.url.rpartition("/")[2]
    # another case than the one agreed to is refused, and traced
    other = f"SP{'0' * 10}"
    assert "use_not_consented" in browser.get(f"{hall_a}/cases/{other}").text
    browser.get(f"{province.portal}/trace").agree()
    for word in (number, other, "use_not_consented", "福乐市市场监管办事大厅"):
        assert word in browser.text
    browser.get(f"{province.portal}/file")
    assert "经办人： Acting person: 黄一诺" in browser.text


def shown(browser: PlainBrowser, province: Province, kind: str) -> str:
    """Open the code of the licence of that type, and return its address."""
    browser.get(f"{province.portal}/file").agree()
    for path in re.findall(r'href="(/licences/[0-9a-f]+)/code"', browser.page.text):
        browser.get(f"{province.portal}{path}/code")
        if kind in browser.text:
            found = re.search(r'data-url="([^"]+)"', browser.page.text)
            assert found
            return found[1]
    raise AssertionError(browser.text)


def verdict_on(url: str) -> str:
    """What an anonymous phone sees that opened a code's address and pressed the button."""
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    with PlainBrowser() as phone:
        phone.get(f"{scheme.lower()}://{host.lower()}/{path}").send()
        found = re.search(r'data-verdict="([^"]+)"', phone.page.text)
        assert found, phone.text
        return f"{found[1]} {phone.text}"


def test_a_code_is_checked_and_a_revocation_shows_at_once(province: Province, browser: PlainBrowser) -> None:
    authority = province.hall("market-supervision")
    token = authority.client_token(scope="issue", resource=authority.licences.resource).access_token
    permit = food_permit("JY23500000000017", SNACKS, "林漫小吃店")
    issued = authority.licences.issue(token, permit, idempotency_key="flow-permit-1")
    browser.get(f"{province.portal}/login").log_in(province, LIN, SNACKS).agree()
    url = shown(browser, province, "食品经营许可证")
    seen = verdict_on(url)
    assert seen.startswith("valid ")
    assert "林漫小吃店" in seen
    assert verdict_on(url).startswith("valid ")  # the public spends nothing
    revoke = {"operation": "revoke", "reason": "抽检不合格"}
    authority.licences.transition(token, issued["identifier"], revoke)
    assert verdict_on(url).startswith("revoked ")
    assert verdict_on(url[:-1] + ("1" if url[-1] != "1" else "2"))[:9] in {"bad_signa", "unreadabl"}
    browser.get(f"{province.portal}/file")
    assert "吊销" in browser.text
    browser.get(f"{province.portal}/trace")
    assert "某人（未登录）" in browser.text


def test_a_verifier_goes_on_without_the_network(province: Province, browser: PlainBrowser) -> None:
    now = [int(time.time())]
    authority = province.hall("market-supervision")
    token = authority.client_token(scope="issue", resource=authority.licences.resource).access_token
    permit = food_permit("JY23500000000025", CATERING, "示范海丝餐饮管理有限公司")
    issued = authority.licences.issue(token, permit, idempotency_key="flow-permit-2")
    browser.get(f"{province.portal}/login").log_in(province, HUANG, CATERING).agree()
    url = shown(browser, province, "食品经营许可证")
    pin = Pin((province.facts["trust_anchor"],), "demo")
    verifier = Verifier(authority.licences, pin, lambda: now[0])
    assert verifier.check_offline(url).verdict == "status_unknown"
    verifier.refresh()
    online, offline = verifier.check(url), verifier.check_offline(url)
    assert (online.verdict, online.online) == ("valid", True)
    assert (offline.verdict, offline.online) == ("valid", False)
    authority.licences.transition(token, issued["identifier"], {"operation": "suspend", "reason": "整改期间"})
    assert verifier.check(url).verdict == "suspended"
    assert verifier.check_offline(url).verdict == "valid"  # as of its copy, and for its ttl only
    until = time.monotonic() + LIST_SECONDS
    while verifier.check_offline(url).valid and time.monotonic() < until:
        time.sleep(0.1)
        verifier.refresh()
    assert verifier.check_offline(url).verdict == "suspended"
    now[0] += 61
    assert verifier.check_offline(url).verdict == "code_expired"
    cut_off = Hall("http://127.0.0.1:9", "nobody")
    assert Verifier(cut_off.licences, pin, lambda: now[0]).check(url).verdict == "status_unknown"


def test_a_registered_verifier_spends_the_code(province: Province, browser: PlainBrowser) -> None:
    browser.get(f"{province.portal}/login").log_in(province, LIN, SNACKS).agree()
    url = shown(browser, province, "营业执照")
    inspector = province.hall("market-inspection")
    token = inspector.client_token(scope="check", resource=inspector.licences.resource).access_token
    first = inspector.licences.check(url, token, purpose="日常监督检查", business_number="JC1")
    assert first["verdict"] == "valid"
    assert inspector.licences.check(url, token)["verdict"] == "valid"
    assert verdict_on(url).startswith("already_used ")
    browser.get(f"{province.portal}/trace")
    assert "市场监管执法检查终端" in browser.text
    assert "日常监督检查" in browser.text


def test_the_hall_of_the_sdks_front_page_runs(
    province: Province, browser: PlainBrowser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (CHECKOUT / "sdk/python/README.md").read_text("utf-8")
    code = text.partition("```python\n")[2].partition("```")[0]
    assert len([line for line in code.splitlines() if line]) <= 10
    client = province.client("hall-b")
    code = code.replace("http://localhost:8000", province.issuer).replace("hall-a", "hall-b")
    (tmp_path / "hall.py").write_text(code.replace("…", client["client_secret"]), "utf-8")
    monkeypatch.setenv("HALL_SECRET", "x" * 32)
    app = runpy.run_path(str(tmp_path / "hall.py"))["app"]
    visitor = app.test_client()
    away = visitor.get("/", base_url=province.hall_b)
    with PlainBrowser(stop=lambda url: url.startswith(province.hall_b)) as person:
        person.get(away.location).log_in(province, LIN).agree()
        back = visitor.get(person.left_for.removeprefix(province.hall_b), base_url=province.hall_b)
    assert visitor.get(back.location, base_url=province.hall_b).text == "您好，林漫"
