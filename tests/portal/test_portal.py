"""The portal against a small provider and library: login, licences, the turning code, trace, verifier."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet, InvalidToken
from werkzeug.test import Client, TestResponse

import portal
import web
from manyou.codes import Verdict
from manyou.errors import Forbidden
from manyou.hall import Hall
from manyou.transports import WsgiAdapter
from tests.conftest import ManualClock
from tests.manyou.small_provider import ISSUER, SmallProvider
from web import LOCAL_DEMO, Catalogue, Pages, Site
from web.sealed_cookie import COOKIE_MOST, SealedCookie

HERE = "http://127.0.0.1:8000"
LICENCE = "00112233445566778899aabb"
TYPE = {"code": "11350000MBDEM0023C002", "number": 2, "zh": "食品经营许可证", "en": "Food business permit"}
CARD = {
    "licence_id": LICENCE,
    "identifier": "1.2.156.3005.2.1.1",
    "origin": "issued_here",
    "type": TYPE,
    "issuer": {"uscc": "x", "zh": "示范省市场监督管理局", "en": "Market Supervision"},
    "state": "valid",
    "valid_from": "2026-01-01",
    "valid_until": None,
}
HOLDER = {
    "role": {"code": "holder", "zh": "持证人", "en": "holder"},
    "share": "",
    "kind": "person",
    "name": "林晓梅",
    "number": "350000199001010018",
    "you": True,
}
WHOLE = {
    **CARD,
    "number": "JY123",
    "holders": [HOLDER],
    "fields": [{"name": "items", "zh": "经营项目", "en": "Items", "value": "热食 <b>", "masked": False}],
}


class Sealer:
    """Seals as the service's key ring would."""

    def __init__(self) -> None:
        self._fernet = Fernet(Fernet.generate_key())

    def seal(self, kind: str, plaintext: bytes, *, bound: bytes = b"") -> str:
        return self._fernet.encrypt(kind.encode() + b"|" + bound + plaintext).decode()

    def open(self, kind: str, token: str, *, bound: bytes = b"") -> bytes:
        try:
            opened = self._fernet.decrypt(token.encode())
        except InvalidToken as error:
            raise Forbidden from error
        if not opened.startswith(kind.encode() + b"|" + bound):
            raise Forbidden
        return opened[len(kind) + 1 + len(bound) :]


@dataclass(slots=True)
class Stage:
    """A browser before the portal, the provider behind it."""

    browser: Client
    provider: SmallProvider
    clock: ManualClock

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.browser.get(path, base_url=HERE, **more)

    def post(self, path: str, form: dict[str, str]) -> TestResponse:
        """Send a form as its page would, with the page's own token."""
        token = re.search(r'name="csrf" value="([^"]+)"', self.get("/verify").text)
        assert token
        return self.browser.post(path, data={"csrf": token[1], **form}, base_url=HERE)

    def login(self, path: str = "/login") -> TestResponse:
        away = self.get(path)
        assert away.status_code == 303
        return self.get("/callback", query_string=self.provider.agree(away.location))

    def library(self, path: str, body: Any, status: int = 200) -> None:
        self.provider.answers[f"/elicence/v1/{path}"] = (status, body)


@pytest.fixture
def stage(clock: ManualClock) -> Stage:
    provider = SmallProvider(clock, "portal", "secret")
    settings = portal.PortalSettings()
    catalogue = Catalogue.load([Path(web.__file__).parent / "texts.toml", portal.TEXTS])
    pages = Pages(
        site="portal",
        templates=[Path(web.__file__).parent / "templates", portal.TEMPLATES],
        catalogue=catalogue,
        transport=LOCAL_DEMO,
        mac=lambda data: data[:32].ljust(32, b"x"),
        menu=portal.MENU,
    )
    hall = Hall(ISSUER, "portal", "secret", transport=lambda: WsgiAdapter(provider.app), clock=clock)
    cookie = SealedCookie("portal", Sealer(), LOCAL_DEMO, settings.session_seconds)
    endpoints = portal.build(settings, pages=pages, cookie=cookie, hall=hall)
    app = web.application([(Site("portal", "127.0.0.1:8000", endpoints), pages)], clock)
    return Stage(Client(app), provider, clock)


def cookie_of(answer: TestResponse, name: str) -> str:
    found = [each for each in answer.headers.getlist("Set-Cookie") if each.startswith(f"{name}=")]
    assert len(found) == 1
    return found[0]


def test_the_front_door_fetches_nothing(stage: Stage) -> None:
    answer = stage.get("/")
    assert answer.status_code == 200
    assert 'href="/login"' in answer.text
    assert stage.provider.asked == []
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_login_leads_back_and_names_the_holder(stage: Stage) -> None:
    away = stage.get("/licences/" + LICENCE)
    assert away.location == f"/login?back=%2Flicences%2F{LICENCE}"
    back = stage.login(away.location)
    assert back.location == f"/licences/{LICENCE}"
    kept = cookie_of(back, "portal")
    assert "HttpOnly" in kept
    assert len(kept) < COOKIE_MOST
    for secret in ("at1", "rt1", "林晓梅"):
        assert secret not in kept
    stage.library("file", {"licences": [CARD]})
    assert "林晓梅" in stage.get("/file").text


def test_the_library_is_asked_with_its_own_token(stage: Stage) -> None:
    stage.login()
    resources = [form.get("resource") for path, form in stage.provider.asked if path == "/token"]
    assert resources == [f"{ISSUER}/userinfo", f"{ISSUER}/elicence"]


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", ""])
def test_nobody_is_led_elsewhere(stage: Stage, back: str) -> None:
    away = stage.get("/login", query_string={"back": back})
    assert stage.get("/callback", query_string=stage.provider.agree(away.location)).location == "/file"


def test_a_login_counts_in_its_own_browser_and_once(stage: Stage) -> None:
    back = stage.provider.agree(stage.get("/login").location)
    stranger = Client(stage.browser.application)
    assert stranger.get("/callback", query_string=back, base_url=HERE).status_code == 400
    assert stage.get("/callback", query_string=back).status_code == 303
    assert stage.get("/callback", query_string=back).status_code == 400
    assert stage.get("/callback").status_code == 400


def test_a_login_refused_is_told(stage: Stage) -> None:
    back = stage.provider.agree(stage.get("/login").location)
    answer = stage.get(
        "/callback", query_string={"state": back["state"], "iss": ISSUER, "error": "access_denied"}
    )
    assert answer.status_code == 403
    assert "登录没有完成" in answer.text
    assert stage.get("/file").status_code == 303


def test_an_organisation_shows_who_acts(stage: Stage) -> None:
    stage.provider.answers["/userinfo"] = (
        200,
        {
            "sub": "s-1",
            "name": "漫游甲有限公司",
            "user_type": "organisation",
            "acting_person": {"name": "林晓梅"},
        },
    )
    stage.login()
    stage.library("file", {"licences": []})
    page = stage.get("/file").text
    assert "漫游甲有限公司" in page
    assert "林晓梅" in page
    assert "还没有电子证照" in page


def test_cards_show_state_and_code_only_where_it_is_valid(stage: Stage) -> None:
    stage.login()
    revoked = {**CARD, "licence_id": "ff" * 12, "state": "revoked"}
    backed = {**CARD, "licence_id": "T", "state": "as_answered", "origin": "source_backed", "issuer": None}
    down = {"licence_id": "U", "type": TYPE, "state": "source_down"}
    strange = {**CARD, "licence_id": "V", "state": "of a later release"}
    stage.library("file", {"licences": [revoked, CARD, backed, down, strange]})
    page = stage.get("/file").text
    assert page.count("/code") == 1
    assert f'href="/licences/{LICENCE}/code"' in page
    for word in ("有效", "吊销", "来源部门实时答复", "来源部门暂时没有答复", "状态未知", "长期"):
        assert word in page
    assert page.index("ff" * 12) > page.index(LICENCE)


def test_a_licence_shows_its_fields_escaped(stage: Stage) -> None:
    stage.login()
    stage.library(f"file/{LICENCE}", WHOLE)
    page = stage.get(f"/licences/{LICENCE}").text
    assert "热食 &lt;b&gt;" in page
    assert "350000199001010018" in page


def test_the_code_is_drawn_with_the_masked_name(stage: Stage) -> None:
    stage.login()
    stage.library(f"file/{LICENCE}", WHOLE)
    code = {"url": "HTTP://127.0.0.1:8000/V/1", "svg_path": "M4 4h1v1h-1z", "size": 57}
    stage.library("codes", {**code, "digits": "1", "issued_at": stage.clock(), "ends": stage.clock() + 60})
    page = stage.get(f"/licences/{LICENCE}/code")
    assert 'd="M4 4h1v1h-1z"' in page.text
    assert 'viewBox="0 0 57 57"' in page.text
    assert 'data-seconds="60"' in page.text
    assert "林**" in page.text
    assert "林晓梅" not in page.text
    assert "<noscript>" in page.text
    assert "style=" not in page.text
    data = stage.get(f"/licences/{LICENCE}/code.json")
    assert data.json == {"url": code["url"], "path": code["svg_path"], "size": 57, "seconds": 60}
    assert data.headers["Cache-Control"] == "no-store"


def test_refusals_of_the_library_are_pages(stage: Stage) -> None:
    stage.login()
    stage.library(f"file/{LICENCE}", {"code": "no_such_licence"}, 404)
    assert stage.get(f"/licences/{LICENCE}").status_code == 404
    stage.library("file", {"code": "unavailable"}, 503)
    assert stage.get("/file").status_code == 503
    stage.library("codes", {"code": "licence_not_showable"}, 409)
    assert stage.get(f"/licences/{LICENCE}/code.json").status_code == 409


def test_a_login_that_is_over_is_begun_again_but_never_in_circles(stage: Stage) -> None:
    stage.login()
    stage.library("file", {"error": "invalid_token"}, 401)
    again = stage.get("/file").location
    assert again == "/login?back=%2Ffile&again=1"
    assert stage.login(again).location == "/file"
    assert stage.get("/file").status_code == 401
    stage.clock.advance(10)
    assert stage.get("/file").location == again
    stage.library("codes", {"error": "invalid_token"}, 401)
    assert stage.get(f"/licences/{LICENCE}/code.json").status_code == 401


def test_tokens_are_renewed_before_they_end(stage: Stage) -> None:
    stage.login()
    stage.library("file", {"licences": []})
    stage.get("/file")
    stage.clock.advance(569)
    assert "Set-Cookie" not in stage.get("/file").headers
    stage.clock.advance(1)
    cookie_of(stage.get("/file"), "portal")
    assert "Set-Cookie" not in stage.get("/file").headers
    stage.clock.advance(600)
    stage.provider.answers["/token"] = (400, {"error": "invalid_grant"})
    assert stage.get("/file").location == "/login?back=%2Ffile"


def test_logout_is_asked_and_ends_it_here_and_there(stage: Stage) -> None:
    stage.login()
    assert stage.get("/logout").status_code == 200
    answer = stage.post("/logout", {})
    assert answer.location.startswith(f"{ISSUER}/logout?")
    assert "id_token_hint" in answer.location
    assert stage.provider.asked[-1] == ("/revoke", {"token": "rt1"})
    assert "Max-Age=0" in cookie_of(answer, "portal")
    assert stage.get("/file").status_code == 303
    assert stage.browser.post("/logout", base_url=HERE).status_code == 403


def test_a_long_id_token_does_not_keep_anybody_out(stage: Stage) -> None:
    stage.provider.change = {"sid": "x" * 2200}
    stage.login()
    stage.library("file", {"licences": []})
    assert stage.get("/file").status_code == 200
    assert "id_token_hint" not in stage.post("/logout", {}).location


def test_the_trace_shows_every_use_the_refused_too(stage: Stage) -> None:
    stage.login()
    used = {
        "event": "licence.used",
        "at": "2026-09-22T01:46:40Z",
        "type": TYPE,
        "actor": {"code": "client"},
        "client": {"client_id": "hall-a", "name": "福乐市市场监管办事大厅"},
        "matter": {"code": "m", "zh": "食品经营许可新办", "en": "New permit"},
        "fields": [{"name": "n", "zh": "名称", "en": "Name"}],
        "details": {"purpose": "办理许可", "business_number": "SP1", "answer": "held"},
    }
    refused = {
        **used,
        "event": "licence.use_refused",
        "type": None,
        "details": {"reason": "use_not_granted", "purpose": "好奇"},
    }
    checked = {
        "event": "licence.checked",
        "at": "2026-09-22T01:46:41Z",
        "type": TYPE,
        "actor": {"code": "somebody"},
        "client": None,
        "details": {"verdict": "valid"},
    }
    changed = {**checked, "event": "licence.changed", "details": {"to_state": "revoked"}}
    stage.library("trace", {"events": [changed, checked, refused, used], "next": "ab" * 16})
    page = stage.get("/trace").text
    for word in (
        "2026-09-22 09:46:40",
        "福乐市市场监管办事大厅",
        "办理许可",
        "SP1",
        "use_not_granted",
        "某人",
        "名称",
        "吊销",
    ):
        assert word in page
    assert f'href="/trace?before={"ab" * 16}"' in page


def test_opening_a_codes_address_changes_nothing(stage: Stage) -> None:
    digits = "7" * 300
    page = stage.get(f"/V/{digits}")
    assert page.status_code == 200
    assert f'name="code" value="{digits}"' in page.text
    assert stage.provider.asked == []
    for other in ("123", "7" * 2000, "x" * 100):
        answer = stage.get(f"/V/{other}")
        assert answer.status_code == 200
        assert "<textarea" in answer.text


def answered(verdict: str, **more: Any) -> dict[str, Any]:
    return {
        "verdict": verdict,
        "licence": {"type": TYPE, "issuer": CARD["issuer"], "valid_from": "2026-01-01", "valid_until": None},
        "holder": {"kind": "person", "shown": "林**", "name": None},
        **more,
    }


def test_the_button_asks_as_anybody_and_shows_the_verdict(stage: Stage) -> None:
    stage.library("codes/check", answered("valid"))
    page = stage.post(f"/V/{'7' * 300}", {"code": "7" * 300}).text
    assert 'data-verdict="valid"' in page
    assert "真实有效" in page
    assert "林**" in page
    assert "请核对出示人的身份证件" in page
    assert stage.provider.asked[-1][0] == "/elicence/v1/codes/check"
    assert "/token" not in [path for path, _ in stage.provider.asked]


@pytest.mark.parametrize("verdict", sorted(set(Verdict)))
def test_verdicts_are_told_apart(stage: Stage, verdict: str) -> None:
    stage.library("codes/check", answered(verdict, used_at="2026-09-22T01:46:41Z"))
    page = stage.post("/verify", {"code": "HTTP://127.0.0.1:8000/V/" + "7" * 300}).text
    assert f'data-verdict="{verdict}"' in page
    assert ("verdict good" in page) == (verdict == "valid")
    assert "09:46:41" in page


@pytest.mark.parametrize("body", [{"verdict": "excellent"}, {}, {"verdict": None}, {"verdict": ["valid"]}])
def test_a_verdict_that_is_none_is_never_valid(stage: Stage, body: dict[str, Any]) -> None:
    stage.library("codes/check", body)
    assert 'data-verdict="status_unknown"' in stage.post("/verify", {"code": "7" * 300}).text


@pytest.mark.parametrize("code", ["", " \n", "7" * 1100])
def test_what_cannot_be_a_code_is_unreadable(stage: Stage, code: str) -> None:
    assert 'data-verdict="unreadable"' in stage.post("/verify", {"code": code}).text
    assert stage.provider.asked == []


def test_every_route_is_there_once_with_its_gate(stage: Stage) -> None:
    for path in ("/file", f"/licences/{LICENCE}", f"/licences/{LICENCE}/code", "/trace"):
        assert stage.get(path).status_code == 303
    assert stage.get(f"/licences/{LICENCE}/code.json").status_code == 401
    assert stage.provider.asked == []
