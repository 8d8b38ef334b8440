"""Every route through the application: gates refuse strangers, and the lane changes nothing but speed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

import web
from manyou.errors import Forbidden, Unauthenticated
from service.house import LANE, House
from service.reference.endpoints import discovered
from tests.service.conftest import Somebody
from web import Call, Endpoint, Site
from web.problems import SignInFirst

OPEN = ("public", "public or bearer:check", "development")
GATED = {"session", "client", "registration", "bearer", "bearer:file", "bearer:issue", "portal login"}
VARIES = {"X-Request-Id", "Content-Length"}


def routes(house: House) -> Iterator[tuple[Site, Endpoint]]:
    for site, _ in house.sites:
        for endpoint in site.endpoints:
            yield site, endpoint


def filled(endpoint: Endpoint) -> str:
    """The path with something in place of its variables."""
    parts = ("1" if part.startswith("<") else part for part in endpoint.path.split("/"))
    return "/".join(parts)


def test_every_route_names_who_may_call_it_and_why(house: House) -> None:
    for site, endpoint in routes(house):
        assert endpoint.authorisation.name in GATED | set(OPEN), (site.name, endpoint.path)
        assert len(endpoint.authorisation.reason) > 10, (site.name, endpoint.path)


def test_no_route_is_mounted_twice(house: House) -> None:
    seen = [(site.name, each.method, each.path) for site, each in routes(house)]
    assert len(seen) == len(set(seen))


def test_every_gate_refuses_who_brings_nothing(house: House) -> None:
    """The gate itself: a page's form token must not be what keeps strangers out."""
    for site, endpoint in routes(house):
        if endpoint.authorisation.name in OPEN:
            continue
        call = Call.of(endpoint.method, filled(endpoint), now=1_790_000_000, form={}, host=site.host)
        call.read_body(endpoint.body_limit)
        with pytest.raises((Unauthenticated, Forbidden, SignInFirst)):
            endpoint.authorisation.admit(call)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic eDp5"},
        {"Authorization": "Bearer " + "e" * 300, "Cookie": "manyou=x; manyou-portal=x"},
    ],
)
def test_strangers_get_nothing_through_the_application(house: House, headers: dict[str, str]) -> None:
    for site, endpoint in routes(house):
        if endpoint.authorisation.name in OPEN:
            continue
        answer = ask(house.application, site.host, endpoint.method, filled(endpoint), headers)
        if answer.status_code == 303:  # to a login page, with nothing in it
            assert endpoint.page, endpoint.path
            assert "/login" in answer.headers["Location"], endpoint.path
            assert answer.data == b""
        else:
            assert answer.status_code in (400, 401, 403), (endpoint.method, endpoint.path)


def test_a_foreign_host_reaches_no_site(house: House) -> None:
    for _, endpoint in routes(house):
        assert ask(house.application, "evil.example", endpoint.method, filled(endpoint)).status_code == 404


def test_discovery_lists_what_is_mounted_and_nothing_else(house: House) -> None:
    provider = next(site for site, _ in house.sites if site.name == "provider")
    # each registered client is told its own address there (RFC 7592 § 3)
    elsewhere = ("/.well-known/", "/elicence/", "/static/", "/ready", "/register/")
    machines = {
        each.path for each in provider.endpoints if not each.page and not each.path.startswith(elsewhere)
    }
    assert set(discovered(house)) == machines


def test_the_lane_names_mounted_routes_without_forms(house: House) -> None:
    provider = next(site for site, _ in house.sites if site.name == "provider")
    mounted = {(each.method, each.path): each for each in provider.endpoints}
    for entry in LANE:
        assert not mounted[entry].page or entry == ("GET", "/authorize"), entry
        assert mounted[entry].authorisation.name != "session", entry
    assert len(LANE) == len(set(LANE))


def ask(
    application: Any, host: str, method: str, path: str, headers: dict[str, str] | None = None, **body: Any
) -> TestResponse:
    return Client(application).open(
        path, method=method, base_url=f"http://{host}", headers=headers or {}, **body
    )


def steady(answer: TestResponse) -> tuple[int, list[tuple[str, str]], Any]:
    """What must not depend on the way: status, headers but the request's own, body but what is drawn."""
    assert answer.headers["Content-Length"] == str(len(answer.data))
    headers = sorted(
        (name, value.partition("=")[0] if name == "Set-Cookie" else value)
        for name, value in answer.headers
        if name not in VARIES
    )
    body: Any = answer.data.replace(answer.headers["X-Request-Id"].encode(), b"")
    if "json" in answer.headers.get("Content-Type", ""):
        body = _without_drawn(json.loads(answer.data))
    return answer.status_code, headers, body


DRAWN = {
    "request_id",
    "access_token",
    "refresh_token",
    "id_token",
    "digits",
    "url",
    "svg_path",
    "verified_at",
}


def _without_drawn(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: "" if name in DRAWN else _without_drawn(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_without_drawn(each) for each in value]
    return value


@pytest.fixture(scope="module")
def requests_of_each(somebody: Somebody) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """For each route of the lane what is sent: good, wrong and broken."""
    facts = somebody.facts
    held = somebody.tokens("portal", "openid file")
    holder = {"Authorization": f"Bearer {held['access_token']}"}
    hall, service = somebody.basic("hall-a"), somebody.basic("records-service")
    back = next(each for each in facts["clients"] if each["client_id"] == "hall-a")["redirect_uris"][0]
    challenge = {"code_challenge": "A" * 43, "code_challenge_method": "S256"}
    credentials = {"grant_type": "client_credentials", "resource": "https://records.example/api"}
    licences = Client(somebody.application).get("/elicence/v1/file", base_url=facts["issuer"], headers=holder)
    licence = json.loads(licences.data)["licences"][0]["licence_id"]
    use = {"matter": facts["matters"][0]["code"], "purpose": "x", "business_number": "1"}
    wrong: list[dict[str, Any]] = [
        {},
        {"headers": {"Authorization": "Bearer x"}},
        {"data": {"a": "1"}, "query_string": "a=%ff"},
        {"data": b"x" * 40_000, "headers": {"Content-Type": "application/json"}},
        {"headers": {"Accept": "text/html", "Cookie": "manyou=x"}},
    ]
    good: dict[tuple[str, str], list[dict[str, Any]]] = {
        ("GET", "/authorize"): [
            {"query_string": {"client_id": "hall-a", "redirect_uri": back, **asked}}
            for asked in ({}, {"response_type": "code", "scope": "openid", **challenge, "prompt": "none"})
        ],
        ("POST", "/token"): [
            {"data": credentials, "headers": service},
            {"data": {"grant_type": "x"}, "headers": hall},
        ],
        ("POST", "/introspect"): [
            {"data": {"token": held["access_token"]}, "headers": somebody.basic("portal")}
        ],
        ("POST", "/revoke"): [{"data": {"token": "unknown"}, "headers": hall}],
        ("GET", "/userinfo"): [{"headers": holder}],
        ("GET", "/jwks"): [{"headers": {"If-None-Match": "*"}}],
        ("GET", "/elicence/v1/file"): [{"headers": holder}],
        ("GET", "/elicence/v1/trust-list"): [{}],
        ("POST", "/elicence/v1/codes"): [{"headers": holder, "json": {"licence_id": licence}}],
        ("POST", "/elicence/v1/codes/check"): [{"json": {"code": "1" * 302}}],
        ("POST", "/elicence/v1/uses"): [{"headers": holder, "json": use}],
    }
    return {entry: [*wrong, *good.get(entry, [])] for entry in LANE}


def test_with_and_without_the_lane_the_same_is_answered(
    house: House, requests_of_each: dict[tuple[str, str], list[dict[str, Any]]]
) -> None:
    now = int(time.time()) + 1
    plain = web.application(house.sites, lambda: now, ())
    laned = web.application(house.sites, lambda: now, LANE)
    host = house.sites[0][0].host
    answered = set()
    for (method, path), sent in requests_of_each.items():
        for each in sent:
            by_lane, by_flask = ask(laned, host, method, path, **each), ask(plain, host, method, path, **each)
            assert steady(by_lane) == steady(by_flask), (method, path, each)
            answered.add((path, by_lane.status_code))
    assert {path for path, status in answered if status < 300} >= {"/token", "/jwks", "/elicence/v1/file"}
