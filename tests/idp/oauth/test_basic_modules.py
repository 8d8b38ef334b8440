"""The Basic profile's modules, with the answer in the query and again as a form (Form Post)."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jwt as pyjwt
import pytest

from idp.oauth.clients.registered import ClientFaulty
from tests.idp.oauth.conftest import BACK, ISSUER, Browser, House, answered, body
from tests.idp.oauth.signing import Signer
from tests.idp.oauth.test_answers import verified
from tests.idp.oauth.test_claims_parameter import ADDRESS, ALL, EMAIL, person
from web import Reply

QUERIED = BACK + "?dummy1=lorem&dummy2=ipsum"


@pytest.fixture(params=["query", "form_post"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def register(house: House, client_id: str = "hall-a", /, **changes: Any) -> None:
    """A client as the suite has it: RS256, PKCE not demanded."""
    known = {"id_token_alg": "RS256", "pkce_required": False, "scopes": ALL, "trusted": True}
    house.client(client_id, **known | changes)


@pytest.fixture
def browser(house: House) -> Browser:
    register(house)
    return house.login(person(house))[0]


def told(reply: Reply, mode: str, back: str = BACK) -> dict[str, str]:
    """What comes to the client, by its browser's way of this mode."""
    if mode == "query":
        assert (reply.status, (reply.header("Location") or "").startswith(back)) == (303, True)
        return answered(reply)
    assert (reply.status, reply.header("Location")) == (200, None)
    page = reply.body.decode()
    assert re.findall(r'<form method="post" action="([^"]+)">', unescape(page)) == [back]
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: unescape(value) for name, value in fields}


def asked(house: House, browser: Browser | None, mode: str, /, **changes: str | None) -> dict[str, str]:
    """The answer to the suite's request, which has no PKCE."""
    bare: dict[str, str | None] = {"code_challenge": None, "code_challenge_method": None}
    bare["response_mode"] = None if mode == "query" else mode
    return told(house.authorize(browser, **bare | changes), mode, changes.get("redirect_uri") or BACK)


def tokens(house: House, code: str, /, **changes: str) -> dict[str, Any]:
    reply = house.redeem(code, **{"code_verifier": ""} | changes)
    assert reply.status == 200, reply.body
    assert reply.header("Cache-Control") == "no-store"
    return body(reply)


def userinfo(house: House, token: str) -> dict[str, Any]:
    reply = house.userinfo(token)
    assert (reply.status, reply.header("Content-Type")) == (200, "application/json")
    return body(reply)


@pytest.mark.module("oidcc-server", "oidcc-idtoken-signature", also="form_post")
def test_oidcc_server_and_idtoken_signature(house: House, mode: str) -> None:
    """With the consent page on the way."""
    register(house, trusted=False)
    browser, _ = house.login(house.person())
    consent = house.authorize(browser, response_mode=mode).header("Location") or ""
    reply = house.decide(browser, consent)
    found = told(house.call("GET", reply.header("Location") or "", browser=browser), mode)
    assert (found["state"], found["iss"]) == ("s1", ISSUER)
    answer = body(house.redeem(found["code"]))
    assert (answer["token_type"], answer["expires_in"] > 0) == ("Bearer", True)
    header, claims = verified(house, answer["id_token"])
    assert header["alg"] == "RS256"
    assert (claims["nonce"], claims["iat"], claims["exp"] > claims["iat"]) == ("n1", house.clock.now, True)
    assert userinfo(house, answer["access_token"])["sub"] == claims["sub"]


@pytest.mark.module("oidcc-response-type-missing", also="form_post")
def test_oidcc_response_type_missing(house: House, browser: Browser, mode: str) -> None:
    found = asked(house, browser, mode, response_type=None)
    assert (found["error"], found["state"], "code" in found) == ("invalid_request", "s1", False)


@pytest.mark.module("oidcc-idtoken-unsigned", also="form_post")
def test_oidcc_idtoken_unsigned(house: House, browser: Browser, mode: str) -> None:
    """Not offered, so not listed, and nobody is registered for it: what comes is signed."""
    listed = body(house.call("GET", "/.well-known/openid-configuration"))
    assert "none" not in listed["id_token_signing_alg_values_supported"]
    with pytest.raises(ClientFaulty):
        register(house, id_token_alg="none")
    token = tokens(house, asked(house, browser, mode)["code"])["id_token"]
    assert pyjwt.get_unverified_header(token)["alg"] == "RS256"
    assert token.rpartition(".")[2]


@pytest.mark.module("oidcc-userinfo-get", "oidcc-userinfo-post-header", also="form_post")
@pytest.mark.module("oidcc-userinfo-post-body", also="form_post")
def test_oidcc_userinfo_get_post_header_post_body(house: House, browser: Browser, mode: str) -> None:
    answer = tokens(house, asked(house, browser, mode)["code"])
    token, sub = answer["access_token"], verified(house, answer["id_token"])[1]["sub"]
    header = {"Authorization": f"Bearer {token}"}
    for reply in (
        house.call("GET", "/userinfo", headers=header),
        house.call("POST", "/userinfo", headers=header),
        house.call("POST", "/userinfo", form={"access_token": token}),
    ):
        assert (reply.status, body(reply)["sub"]) == (200, sub)


@pytest.mark.module("oidcc-ensure-request-without-nonce-succeeds-for-code-flow", also="form_post")
def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(
    house: House, browser: Browser, mode: str
) -> None:
    answer = tokens(house, asked(house, browser, mode, nonce=None)["code"])
    assert "nonce" not in verified(house, answer["id_token"])[1]


@pytest.mark.module("oidcc-scope-profile", "oidcc-scope-email", also="form_post")
@pytest.mark.module("oidcc-scope-address", "oidcc-scope-phone", "oidcc-scope-all", also="form_post")
@pytest.mark.parametrize(
    ("scope", "held"),
    [
        ("profile", {"name": "张三"}),
        ("email", {"email": EMAIL, "email_verified": False}),
        ("address", {"address": {"formatted": ADDRESS}}),
        ("phone", {"phone_number": "13800138000", "phone_number_verified": True}),
        ("profile email address phone", {"name": "张三", "email": EMAIL, "phone_number_verified": True}),
    ],
)
def test_oidcc_scope(house: House, browser: Browser, mode: str, scope: str, held: dict[str, Any]) -> None:
    answer = tokens(house, asked(house, browser, mode, scope=f"openid {scope}")["code"])
    assert set(answer["scope"].split()) == {"openid", *scope.split()}
    info = userinfo(house, answer["access_token"])
    assert held.items() <= info.items()
    assert ("email" in info) is ("email" in scope)


@pytest.mark.module("oidcc-alternate-happy-flow", also="form_post")
def test_oidcc_alternate_happy_flow(house: House, browser: Browser, mode: str) -> None:
    """Scopes and parameters in another order."""
    query = parse_qsl(house.ask(scope="email openid", response_mode=mode))
    reply = house.call("GET", "/authorize?" + urlencode(query[::-1]), browser=browser)
    answer = body(house.redeem(told(reply, mode)["code"]))
    assert userinfo(house, answer["access_token"])["email"] == EMAIL


@pytest.mark.module("oidcc-id-token-hint", also="form_post")
def test_oidcc_id_token_hint(house: House, browser: Browser, mode: str) -> None:
    first = tokens(house, asked(house, browser, mode)["code"])["id_token"]
    found = asked(house, browser, mode, prompt="none", id_token_hint=first)
    again = verified(house, tokens(house, found["code"])["id_token"])[1]
    assert again["sub"] == verified(house, first)[1]["sub"]
    other, _ = house.login(house.person())
    assert asked(house, other, mode, prompt="none", id_token_hint=first)["error"] == "login_required"


@pytest.mark.module("oidcc-codereuse", "oidcc-codereuse-30seconds", also="form_post")
@pytest.mark.parametrize("later", [0, 30])
def test_oidcc_codereuse(house: House, browser: Browser, mode: str, later: int) -> None:
    """A second use is refused, and ends what the first gave."""
    code = asked(house, browser, mode)["code"]
    token = tokens(house, code)["access_token"]
    assert userinfo(house, token)["sub"]
    house.clock.advance(later)
    refused = house.redeem(code, code_verifier="")
    assert (refused.status, body(refused)["error"]) == (400, "invalid_grant")
    house.feed.poll()
    assert house.userinfo(token).status == 401


@pytest.mark.module("oidcc-ensure-registered-redirect-uri", also="form_post")
@pytest.mark.module("oidcc-ensure-redirect-uri-in-authorization-request")
@pytest.mark.parametrize("uri", [BACK + "/x", BACK + "?x=y", "https://evil.example/", None])
def test_oidcc_ensure_registered_redirect_uri(
    house: House, browser: Browser, mode: str, uri: str | None
) -> None:
    """Also where none is sent, although one alone is registered."""
    reply = house.authorize(browser, redirect_uri=uri, response_mode=mode)
    assert (reply.status, reply.header("Location")) == (400, None)
    assert b"redirect_uri" in reply.body
    assert b"<form" not in reply.body


@pytest.mark.module("oidcc-ensure-post-request-succeeds", also="form_post")
def test_oidcc_ensure_post_request_succeeds(house: House, browser: Browser, mode: str) -> None:
    form = parse_qsl(house.ask(response_mode=mode))
    posted = house.call("POST", "/authorize", form=form)
    assert posted.status == 303
    found = told(house.call("GET", posted.header("Location") or "", browser=browser), mode)
    assert house.redeem(found["code"]).status == 200


@pytest.mark.module("oidcc-server-client-secret-post", also="form_post")
def test_oidcc_server_client_secret_post(house: House, mode: str) -> None:
    register(house, auth_method="client_secret_post")
    browser, _ = house.login(house.person())
    form = {"grant_type": "authorization_code", "redirect_uri": BACK, "client_id": "hall-a"}
    form["code"] = asked(house, browser, mode)["code"]
    assert house.call("POST", "/token", form=form, headers=house.basic("hall-a")).status in {400, 401}
    reply = house.call("POST", "/token", form=form | {"client_secret": house.secrets["hall-a"]})
    assert userinfo(house, body(reply)["access_token"])["sub"]


@pytest.mark.module(
    "oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported",
    "oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported",
    also="form_post",
)
def test_oidcc_unsigned_requests_rejected_as_unsupported(house: House, browser: Browser, mode: str) -> None:
    listed = body(house.call("GET", "/.well-known/openid-configuration"))
    assert listed["request_uri_parameter_supported"] is False
    assert "none" not in listed["request_object_signing_alg_values_supported"]
    found = asked(house, browser, mode, request_uri="https://hall.example/request")
    assert (found["error"], found["state"]) == ("request_uri_not_supported", "s1")
    unsigned = pyjwt.encode(dict(parse_qsl(house.ask())), "", algorithm="none")
    found = asked(house, browser, mode, request=unsigned)
    assert (found["error"], found["state"]) == ("invalid_request_object", "s1")


@pytest.mark.module("oidcc-claims-essential", also="form_post")
def test_oidcc_claims_essential(house: House, browser: Browser, mode: str) -> None:
    wanted = json.dumps({"userinfo": {"name": {"essential": True}}})
    reply = house.authorize(browser, response_mode=mode, scope="openid", claims=wanted)
    assert userinfo(house, body(house.redeem(told(reply, mode)["code"]))["access_token"])["name"] == "张三"


@pytest.mark.module("oidcc-ensure-request-object-with-redirect-uri", also="form_post")
def test_oidcc_ensure_request_object_with_redirect_uri(house: House, mode: str) -> None:
    """What stands inside counts; the mode stands inside too."""
    signer = Signer("RS256")
    register(house, jwks=signer.key_set)
    browser, _ = house.login(house.person())
    request = signer.sign(dict(parse_qsl(house.ask(response_mode=mode, state="inside"))))
    outside = {"request": request, "redirect_uri": "https://evil.example/"}
    assert told(house.authorize(browser, **outside), mode)["state"] == "inside"


@pytest.mark.module("oidcc-refresh-token", also="form_post")
def test_oidcc_refresh_token(house: House, browser: Browser, mode: str) -> None:
    """The new ID token is of the same login (§ 12.2), and another client gets nothing for it."""
    first = tokens(house, asked(house, browser, mode)["code"])
    house.clock.advance(1)
    second = body(house.refresh(first["refresh_token"]))
    old, new = (verified(house, each["id_token"])[1] for each in (first, second))
    same = ("iss", "sub", "aud", "auth_time", "acr", "sid")
    assert {name: old[name] for name in same} == {name: new[name] for name in same}
    assert new["iat"] == old["iat"] + 1
    assert userinfo(house, second["access_token"])["sub"] == old["sub"]
    register(house, "hall-b")
    refused = house.refresh(second.get("refresh_token", first["refresh_token"]), "hall-b")
    assert (refused.status, body(refused)["error"]) == (400, "invalid_grant")


@pytest.mark.module("oidcc-ensure-request-with-valid-pkce-succeeds", also="form_post")
def test_oidcc_ensure_request_with_valid_pkce_succeeds(house: House, browser: Browser, mode: str) -> None:
    """Who began with PKCE ends with it, although this client need not."""
    code = told(house.authorize(browser, response_mode=mode), mode)["code"]
    assert house.redeem(code, code_verifier="").status == 400
    assert house.redeem(code, code_verifier="w" * 43).status == 400
    assert house.redeem(code).status == 200


def test_a_parameter_twice_is_told_in_the_mode(house: House, browser: Browser, mode: str) -> None:
    for name in ("scope", "state"):
        query = f"{house.ask(response_mode=mode)}&{name}=x"
        found = told(house.call("GET", f"/authorize?{query}", browser=browser), mode)
        assert (found["error"], found["iss"]) == ("invalid_request", ISSUER)


def test_the_query_of_a_redirect_uri_stays(house: House, browser: Browser, mode: str) -> None:
    """As the suite's second client has it."""
    register(house, redirect_uris=(BACK, QUERIED))
    found = asked(house, browser, mode, redirect_uri=QUERIED)
    assert tokens(house, found["code"], redirect_uri=QUERIED)["id_token"]
