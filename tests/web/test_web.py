"""How we speak HTTP: limits, form tokens, hosts, headers, refusals, the lane."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import Client

import web
from manyou.errors import Forbidden, Problem, TooMany, Unauthenticated, Unavailable
from web import (
    HTTPS,
    LOCAL_DEMO,
    Authorisation,
    Call,
    Catalogue,
    Endpoint,
    Pages,
    Parameters,
    Reply,
    Site,
    public,
)
from web.application import application
from web.csrf import COOKIE, FormGuard
from web.errors import BodyNotJson, DuplicateParameter, MalformedParameters
from web.sealed_cookie import SealedCookie

if TYPE_CHECKING:
    from collections.abc import Iterable

    from web.transport import Transport

ROOT = Path(web.__file__).parent
NOW = 1_800_000_000
ANYBODY = public("a test")
NOBODY = "http://localhost:8000"


def mac(data: bytes) -> bytes:
    return hmac.digest(b"k" * 32, data, "sha256")


def pages(transport: Transport = LOCAL_DEMO) -> Pages:
    return Pages(
        site="provider",
        templates=[ROOT / "templates"],
        catalogue=Catalogue.load([ROOT / "texts.toml"]),
        transport=transport,
        mac=mac,
    )


def client(
    *endpoints: Endpoint, lane: Iterable[tuple[str, str]] = (), transport: Transport = LOCAL_DEMO
) -> Client:
    site = Site("provider", "localhost:8000", endpoints)
    return Client(application([(site, pages(transport))], lambda: NOW, lane), use_cookies=False)


def echo(call: Call) -> Reply:
    return Reply.json({"query": call.query.pairs(), "args": dict(call.args), "body": len(call.body)})


def test_lane_and_flask_answer_the_same_bytes() -> None:
    endpoints = (Endpoint("GET", "/d", echo, ANYBODY), Endpoint("POST", "/d", echo, ANYBODY, body_limit=10))
    slow, fast = client(*endpoints), client(*endpoints, lane=[("GET", "/d"), ("POST", "/d")])
    for method, body in (("GET", b""), ("POST", b"0123456789"), ("POST", b"0123456789a"), ("PUT", b"")):
        one = slow.open("/d?a=1&b=%E8%AF%81", method=method, data=body, base_url=NOBODY)
        two = fast.open("/d?a=1&b=%E8%AF%81", method=method, data=body, base_url=NOBODY)
        assert one.status_code == two.status_code
        assert one.data.replace(one.headers["X-Request-Id"].encode(), b"") == two.data.replace(
            two.headers["X-Request-Id"].encode(), b""
        )
        ours = (
            {k: v for k, v in r.headers.items() if k not in ("X-Request-Id", "Content-Length")}
            for r in (one, two)
        )
        assert next(ours) == next(ours)


def test_the_gate_stands_before_the_handler() -> None:
    reached = []

    def refuse(_call: Call) -> None:
        raise Forbidden

    def handle(call: Call) -> Reply:
        reached.append(call)
        return Reply(200)

    guarded = Endpoint("GET", "/x", handle, Authorisation("nobody", "a test", refuse))
    admitted = Endpoint("GET", "/y", handle, Authorisation("somebody", "a test", lambda call: call.path))
    assert client(guarded).get("/x", base_url=NOBODY).status_code == 403
    assert reached == []
    assert client(admitted).get("/y", base_url=NOBODY).status_code == 200
    assert reached[0].principal == "/y"


@pytest.mark.parametrize(
    ("problem", "status", "header"),
    [
        (Unavailable(retry_after=7), 503, ("Retry-After", "7")),
        (TooMany(retry_after=30), 429, ("Retry-After", "30")),
        (Unauthenticated(), 401, ("WWW-Authenticate", None)),
        (Problem(detail="secret"), 500, None),
        (ZeroDivisionError("secret"), 500, None),
    ],
)
def test_refusals_have_their_form(
    problem: Exception, status: int, header: tuple[str, str | None] | None
) -> None:
    def fail(_call: Call) -> Reply:
        raise problem

    for page in (False, True):
        answer = client(Endpoint("GET", "/x", fail, ANYBODY, page=page)).get("/x", base_url=NOBODY)
        assert answer.status_code == status
        assert b"secret" not in answer.data
        assert answer.headers["X-Request-Id"].encode() in answer.data
        if header and not (page and header[0] == "WWW-Authenticate"):
            assert header[0] in answer.headers
            assert header[1] in (None, answer.headers[header[0]])


def test_a_page_needs_this_browsers_form_token() -> None:
    endpoint = Endpoint("POST", "/f", lambda _call: Reply(204), ANYBODY, page=True)
    browser = client(endpoint)
    guard = FormGuard(mac, LOCAL_DEMO)
    mine, theirs = guard.new_browser()[0], guard.new_browser()[0]

    def post(cookie: str | None, token: str | None, **headers: str) -> int:
        jar = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
        return browser.post(
            "/f", data={"csrf": token} if token else {}, base_url=NOBODY, headers={**jar, **headers}
        ).status_code

    good = guard.token(mine)
    assert post(mine, good) == 204
    assert post(mine, good, Origin="http://localhost:8000") == 204
    assert post(mine, good, Origin="http://127.0.0.1:8000") == 403
    assert post(mine, good, Origin="null") == 403
    assert post(mine, good, **{"Sec-Fetch-Site": "cross-site"}) == 403
    assert post(mine, good, **{"Sec-Fetch-Site": "same-site"}) == 403
    assert post(None, good) == 403
    assert post(mine, None) == 403
    assert post(theirs, good) == 403
    assert post(mine, good[:-1] + ("A" if good[-1] != "A" else "B")) == 403


def test_hosts_are_the_configured_ones() -> None:
    browser = client(Endpoint("GET", "/d", echo, ANYBODY), lane=[("GET", "/d")])
    assert browser.get("/d", base_url="http://evil.example").status_code == 404
    assert browser.get("/d", base_url="http://localhost:8001").json["code"] == "wrong_host"  # type: ignore[index]


def test_only_a_listed_proxy_is_believed() -> None:
    seen: list[tuple[str, str]] = []

    def note(call: Call) -> Reply:
        seen.append((call.remote, call.scheme))
        return Reply(200)

    endpoint = Endpoint("GET", "/d", note, ANYBODY)
    for proxies in (frozenset[str](), frozenset({"127.0.0.1"})):
        app = application([(Site("provider", "localhost:8000", (endpoint,), proxies), pages())], lambda: NOW)
        Client(app).get(
            "/d",
            base_url=NOBODY,
            headers={"X-Forwarded-For": "6.6.6.6, 192.0.2.9", "X-Forwarded-Proto": "https"},
            environ_overrides={"REMOTE_ADDR": "127.0.0.1"},
        )
    assert seen == [("127.0.0.1", "http"), ("192.0.2.9", "https")]


def test_pages_carry_the_strict_policy() -> None:
    def show(call: Call) -> Reply:
        return pages(HTTPS).page(call, "web/problem.html", code="<b>", sentence=("中", "en"))

    answer = client(Endpoint("GET", "/x", show, ANYBODY, page=True), transport=HTTPS).get(
        "/x", base_url=NOBODY
    )
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Set-Cookie"].startswith("__Host-manyou-browser=")
    assert all(word in answer.headers["Set-Cookie"] for word in ("Secure", "HttpOnly", "SameSite=Lax"))
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    assert b"<b>" not in answer.data


@pytest.mark.parametrize("raw", [b"a=%ff", b"a=\xff", b"a=%00", b"&".join(b"a%d=1" % n for n in range(201))])
def test_unreadable_parameters_are_refused(raw: bytes) -> None:
    with pytest.raises(MalformedParameters):
        Parameters.parse(raw)


def test_parameters_are_read_strictly() -> None:
    found = Parameters.parse(b"a=1&b=%E8%AF%81+x&c=&a=2&=z")
    assert found.get("b") == "证 x"
    assert found.get("c") is None
    assert found.get("none") is None
    assert found.all("a") == ["1", "2"]
    with pytest.raises(DuplicateParameter):
        found.get("a")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"a": "x"}', b"[" * 100_000, b'{"a": 1}\xff'])
def test_json_is_read_strictly(body: bytes) -> None:
    call = Call.of("POST", "/x", now=NOW, headers={"Content-Type": "application/json"})
    call.environ["CONTENT_LENGTH"] = str(len(body))
    call.environ["wsgi.input"].write(body)
    call.environ["wsgi.input"].seek(0)
    call.read_body(1 << 20)
    with pytest.raises(BodyNotJson):
        call.json(dict[str, int])


class _Plain:
    """A sealer that seals nothing; the cookie's own rules are what is tested here."""

    def seal(self, kind: str, plaintext: bytes, *, bound: bytes = b"") -> str:
        return (kind.encode() + bound + plaintext).hex()

    def open(self, kind: str, token: str, *, bound: bytes = b"") -> bytes:
        try:
            opened = bytes.fromhex(token)
        except ValueError as error:
            raise Forbidden from error
        if not opened.startswith(kind.encode() + bound):
            raise Forbidden
        return opened[len(kind.encode() + bound) :]


def test_sealed_cookie_ends_by_our_clock() -> None:
    cookie = SealedCookie("portal", _Plain(), LOCAL_DEMO, max_age=60)
    made = cookie.write(Call.of("GET", "/", now=NOW), {"a": 1})[1].partition(";")[0]

    def read(now: int, header: str) -> dict[str, Any]:
        return cookie.read(Call.of("GET", "/", now=now, headers={"Cookie": header}))

    assert read(NOW + 59, made) == {"a": 1}
    assert read(NOW + 60, made) == {}
    assert read(NOW, made + "00zz") == {}
    assert read(NOW, "portal=") == {}
    with pytest.raises(ValueError, match="cookie portal"):
        cookie.write(Call.of("GET", "/", now=NOW), {"a": "x" * 4000})


def test_catalogue_wants_both_languages(tmp_path: Path) -> None:
    (tmp_path / "texts.toml").write_text('[a]\nb = ["只有中文"]\n', "utf-8")
    with pytest.raises(ValueError, match=r"a\.b"):
        Catalogue.load([tmp_path / "texts.toml"])
    texts = Catalogue({"a.b": ("等 {n} 秒", "wait {n} s")})
    assert str(texts("a.b", n="<3>")).count("&lt;3&gt;") == 2


def test_a_redirect_can_neither_break_the_header_nor_hide_a_host() -> None:
    assert Reply.redirect("/a\r\nSet-Cookie: b").header("Location") == "/a%0D%0ASet-Cookie:%20b"
    assert Reply.redirect("/\t/evil.example").header("Location") == "/%09/evil.example"
    assert Reply.redirect("/证?a=%20&b=+").header("Location") == "/%E8%AF%81?a=%20&b=+"
