"""What concerns single people: two holders of one certificate, an activation, a code that is good once."""

from __future__ import annotations

import re
import secrets

from tests.flows.plain_browser import PlainBrowser
from tests.flows.province import CHEN, LIN, WANG, Province

MASKED = re.compile(r"\*{4,}")


def certificate(province: Province, browser: PlainBrowser) -> str:
    """The text of the marriage certificate's page in the holder's own file."""
    browser.get(f"{province.portal}/file")
    page = browser.page.text
    path = next(
        path
        for path, title in re.findall(r'<h2><a href="(/licences/[^"]+)">(.*?)</a>', page)
        if "结婚证" in title
    )
    return browser.get(province.portal + path).text


def test_both_spouses_hold_the_marriage_certificate(province: Province) -> None:
    seen = {}
    for number in (LIN, CHEN):
        with PlainBrowser() as browser:
            browser.get(f"{province.portal}/login").log_in(province, number)
            assert browser.url == f"{province.portal}/file"
            seen[number] = certificate(province, browser)
    for own, other in ((LIN, CHEN), (CHEN, LIN)):
        assert own in seen[own]
        assert other not in seen[own]
        assert MASKED.search(seen[own])
        assert province.person(own)["name"] in seen[own]
        assert province.person(other)["name"] not in seen[own]
        for words in ("J350000-2018-000520", "2018-05-20", "示范省民政厅"):
            assert words in seen[own]


def test_a_one_time_code_is_asked_for_and_good_once(province: Province) -> None:
    with PlainBrowser() as browser:
        browser.get(f"{province.issuer}/login")
        browser.send(identifier=CHEN, password=province.person(CHEN)["password"])
        assert "/login/otp" in browser.url
        assert "/login" in PlainBrowser.get(browser, f"{province.issuer}/account").url  # half a login is none
        browser.get(f"{province.issuer}/login/otp")
        code = province.otp(CHEN)
        browser.send(otp=code)
        assert browser.url == f"{province.issuer}/account"
        assert "陈小游" in browser.text
        assert CHEN not in browser.page.text
    with PlainBrowser() as another:
        another.get(f"{province.issuer}/login")
        another.send(identifier=CHEN, password=province.person(CHEN)["password"])
        another.send(otp=code)
        assert another.page.status_code == 403
        assert "不正确或已使用" in another.text
        assert "/login" in another.get(f"{province.issuer}/account").url


def test_a_rare_name_activates_with_the_phone_on_file(province: Province) -> None:
    password = secrets.token_urlsafe(12)
    with PlainBrowser() as browser:
        browser.get(f"{province.issuer}/activate")
        browser.send(name="王䶮", identifier=WANG)
        assert "/activate/code" in browser.url
        assert "尾号为 04 的登记手机" in browser.text  # and no more of it
        assert province.person(WANG)["phone"] not in browser.page.text
        form = browser.page
        texts = PlainBrowser().get(f"{province.issuer}/development/sms").text
        found = re.search(rf"{province.person(WANG)['phone']}\D+?(\d{{12}})", texts)
        assert found, texts
        browser.page = form
        browser.send(code=found[1])
        browser.send(password=password, password_again=password)
        assert "/login" in browser.url
        browser.send(identifier=WANG, password=password)
        assert browser.url == f"{province.issuer}/account"
        assert "王䶮" in browser.text
        assert "R2" in browser.text
        browser.get(f"{province.portal}/file")
        assert "王䶮" in browser.text
    with PlainBrowser() as stranger:
        stranger.get(f"{province.issuer}/activate")
        stranger.send(name="王䶮", identifier=WANG).send(code=found[1])
        assert stranger.page.status_code == 403
