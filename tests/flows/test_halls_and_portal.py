"""The main job over HTTP: one login at two halls and the portal, a licence shown, used, checked and revoked.

Provider, portal and both demo halls listen on sockets of their own; a browser without JavaScript goes through
their pages.
"""

from __future__ import annotations

import os
import re
import runpy
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
from werkzeug.serving import make_server

from manyou.hall import Hall
from manyou.trust import Pin
from manyou.verifier import Verifier
from service.demo.folder import Demo, prepare
from service.house import House
from service.settings import SETTINGS_FILE, load_settings

EXAMPLES = Path(__file__).parents[2] / "examples"
LIN, CHEN, HUANG = "350000199001010018", "35000019850615002X", "350000200002290037"
NEWS_SECONDS = 2
"""How old a worker's news may be before it answers nothing from its caches."""
LIST_SECONDS = 5
"""A change stands in the published status list after this time at the latest."""
SNACKS, CATERING = "92350000MADEM010X3", "91350000MADEM0011T"


PERMIT = {
    "type": "11350000MBDEM0023C002",
    "region": "350000",
    "holders": [{"document_type": "001", "number": SNACKS, "name": "林漫小吃店"}],
    "fields": {
        "permit_number": "JY23500000000017",
        "operator": "林漫小吃店",
        "business_form": "餐饮服务经营者",
        "items": "热食类食品制售",
        "premises": "示范省福乐市漫游路 1 号",
    },
    "valid_from": "2026-01-01",
}


@dataclass(frozen=True, slots=True)
class Province:
    """The demo, running."""

    facts: dict[str, Any]
    portal: str
    halls: tuple[str, str]

    def password(self, number: str) -> str:
        return str(next(each["password"] for each in self.facts["people"] if each["number"] == number))

    def client(self, client_id: str) -> Hall:
        found = next(each for each in self.facts["clients"] if each["client_id"] == client_id)
        return Hall(self.facts["issuer"], client_id, found["client_secret"])


@contextmanager
def listening(app: Any, port: int) -> Iterator[None]:
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_ports(count: int) -> list[int]:
    with ExitStack() as open_ones:
        sockets = [open_ones.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    port, first, second = free_ports(3)
    demo = Demo(tmp_path_factory.mktemp("demo"), port, (first, second))
    prepare(demo)
    house = House.open(load_settings({SETTINGS_FILE: str(demo.settings_file)}))
    house.start()
    os.environ["MANYOU_DEMO"] = str(demo.facts_file)
    with ExitStack() as running:
        running.callback(os.environ.pop, "MANYOU_DEMO")
        running.callback(house.close)
        running.enter_context(listening(house.application, port))
        for name, hall_port in (("hall_a", first), ("hall_b", second)):
            app = runpy.run_path(str(EXAMPLES / name / "app.py"))["app"]
            app.root_path = str(EXAMPLES / name)
            running.enter_context(listening(app, hall_port))
        yield Province(demo.facts(), f"http://127.0.0.1:{port}", demo.halls)


class Browser:
    """Follows links and sends forms, as a browser without JavaScript does."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.page = requests.Response()

    def close(self) -> None:
        self.session.close()

    def get(self, url: str) -> Browser:
        self.page = self.session.get(url, timeout=20)
        return self

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", self.page.text)))

    def send(self, action: str | None = None, **fields: str) -> Browser:
        """Send the page's form (the one of ``action``, where there are several)."""
        forms = re.findall(r"<form([^>]*)>(.*?)</form>", self.page.text, re.DOTALL)
        attributes, body = next(each for each in forms if action is None or f'action="{action}"' in each[0])
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', body)
        target = re.search(r'action="([^"]*)"', attributes)
        url = urljoin(self.page.url, unescape(target[1])) if target else self.page.url
        values = {name: unescape(value) for name, value in hidden} | fields
        self.page = self.session.post(url, data=values, timeout=20)
        return self

    def log_in(self, province: Province, number: str, organisation: str | None = None) -> Browser:
        """Fill in the login page that is open."""
        if organisation is not None:
            self.send(identifier=organisation, password="")
        return self.send(identifier=number, password=province.password(number))

    def agree(self) -> Browser:
        while "/consent" in self.page.url:
            self.send(decision="allow")
        return self


@pytest.fixture
def browser() -> Iterator[Browser]:
    found = Browser()
    yield found
    found.close()


def sub(browser: Browser) -> str:
    found = re.search(r"known here as</span> <code>([^<]+)</code>", browser.page.text)
    assert found, browser.text
    return found[1]


def test_one_login_two_halls_and_one_logout(province: Province, browser: Browser) -> None:
    hall_a, hall_b = province.halls
    browser.get(f"{hall_a}/me").log_in(province, LIN).agree()
    assert browser.page.url == f"{hall_a}/me"
    assert "林漫" in browser.text
    at_a = sub(browser)
    browser.get(f"{hall_b}/me")
    assert "password" not in browser.page.text
    browser.agree()
    assert "林漫" in browser.text
    assert sub(browser) != at_a
    browser.get(f"{province.portal}/file")
    assert browser.page.url == f"{province.portal}/file"
    browser.get(f"{hall_a}/me").send(action="/logout")
    assert browser.page.url == f"{hall_a}/"
    for page in (f"{hall_a}/me", f"{hall_b}/me", f"{province.portal}/trace"):
        until = time.monotonic() + NEWS_SECONDS
        while 'name="identifier"' not in browser.get(page).page.text and time.monotonic() < until:
            time.sleep(0.05)
        assert 'name="identifier"' in browser.page.text, page
    assert "林漫" not in browser.get(f"{hall_b}/").text


def test_a_hall_fetches_a_licence_and_the_holder_reads_it(province: Province, browser: Browser) -> None:
    hall_a = province.halls[0]
    browser.get(f"{hall_a}/me").log_in(province, HUANG, CATERING).agree()
    assert "示范海丝餐饮管理有限公司" in browser.text
    assert "黄一诺" in browser.text
    browser.send(action="/apply")
    assert "办理食品经营许可新办" in browser.text, browser.text
    browser.agree()
    assert "/cases/SP" in browser.page.url, browser.text
    assert "✓ 已取得" in browser.text
    assert "经营范围" in browser.text
    number = browser.page.url.rpartition("/")[2]
    # another case than the one agreed to is refused, and traced
    other = f"SP{'0' * 10}"
    assert "use_not_consented" in browser.get(f"{hall_a}/cases/{other}").text
    browser.get(f"{province.portal}/trace").agree()
    for word in (number, other, "use_not_consented", "福乐市市场监管办事大厅"):
        assert word in browser.text
    browser.get(f"{province.portal}/file")
    assert "经办人： Acting person: 黄一诺" in browser.text


def shown(browser: Browser, province: Province, kind: str) -> str:
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
    phone = Browser()
    try:
        phone.get(f"{scheme.lower()}://{host.lower()}/{path}").send()
        found = re.search(r'data-verdict="([^"]+)"', phone.page.text)
        assert found, phone.text
        return f"{found[1]} {phone.text}"
    finally:
        phone.close()


def test_a_code_is_checked_and_a_revocation_shows_at_once(province: Province, browser: Browser) -> None:
    authority = province.client("market-supervision")
    token = authority.client_token(scope="issue", resource=authority.licences.resource).access_token
    issued = authority.licences.issue(token, PERMIT, idempotency_key="flow-permit-1")
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


def test_a_verifier_goes_on_without_the_network(province: Province, browser: Browser) -> None:
    now = [int(time.time())]
    authority = province.client("market-supervision")
    token = authority.client_token(scope="issue", resource=authority.licences.resource).access_token
    permit = {
        **PERMIT,
        "holders": [{"document_type": "001", "number": CATERING, "name": "示范海丝餐饮管理有限公司"}],
    }
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


def test_a_registered_verifier_spends_the_code(province: Province, browser: Browser) -> None:
    browser.get(f"{province.portal}/login").log_in(province, LIN, SNACKS).agree()
    url = shown(browser, province, "营业执照")
    inspector = province.client("market-inspection")
    token = inspector.client_token(scope="check", resource=inspector.licences.resource).access_token
    first = inspector.licences.check(url, token, purpose="日常监督检查", business_number="JC1")
    assert first["verdict"] == "valid"
    assert inspector.licences.check(url, token)["verdict"] == "valid"
    assert verdict_on(url).startswith("already_used ")
    browser.get(f"{province.portal}/trace")
    assert "市场监管执法检查终端" in browser.text
    assert "日常监督检查" in browser.text
