"""How answers travel: query, form_post, and both in a signed JWT (JARM); success and error alike."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import jwt as pyjwt
import pytest

from idp.oauth.clients.registered import ClientFaulty
from idp.oauth.requests.response import JWT_SECONDS, MODES, RING
from tests.idp.oauth.conftest import BACK, ISSUER, Browser, House, answered, body
from web import Reply

JWT_MODES = ("jwt", "query.jwt", "form_post.jwt")


def posted(reply: Reply) -> dict[str, str]:
    """The fields of the form that goes to the client by itself."""
    assert reply.status == 200, reply.body
    page = reply.body.decode()
    assert f'<form method="post" action="{BACK}">' in page
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: unescape(value) for name, value in fields}


def told(house: House, reply: Reply, mode: str, client_id: str = "hall-a") -> dict[str, Any]:
    """What the client reads in an answer of this mode."""
    sent = posted(reply) if mode.startswith("form_post") else answered(reply)
    if mode not in JWT_MODES:
        return dict(sent)
    assert list(sent) == ["response"]
    claims = house.engine.keys.verify_jwt(RING, sent["response"], now=house.clock.now)
    assert (claims["iss"], claims["aud"]) == (ISSUER, client_id)
    assert claims["exp"] == house.clock.now + JWT_SECONDS
    return claims


def _known(house: House, **changes: Any) -> Browser:
    house.client(trusted=True, **changes)
    return house.login(house.person())[0]


@pytest.mark.parametrize("mode", MODES)
def test_success_and_error_travel_in_the_mode_asked_for(house: House, mode: str) -> None:
    browser = _known(house)
    found = told(house, house.authorize(browser, response_mode=mode), mode)
    assert (found["state"], found["iss"]) == ("s1", ISSUER)
    assert house.redeem(found["code"]).status == 200
    for changes, error in (
        ({"scope": "unheard_of"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
    ):
        found = told(house, house.authorize(browser, response_mode=mode, **changes), mode)
        assert (found["error"], found["state"], found["iss"]) == (error, "s1", ISSUER)
    found = told(house, house.authorize(Browser(), response_mode=mode, prompt="none"), mode)
    assert found["error"] == "login_required"


@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "EdDSA"])
def test_signed_by_the_algorithm_registered_as_another_library_reads_it(house: House, algorithm: str) -> None:
    browser = _known(house, authorization_signed_alg=algorithm)
    response = answered(house.authorize(browser, response_mode="jwt"))["response"]
    key = pyjwt.PyJWKSet.from_dict(body(house.call("GET", "/jwks")))[
        pyjwt.get_unverified_header(response)["kid"]
    ]
    options: Any = {"verify_exp": False, "require": ["iss", "aud", "exp", "code", "state"]}
    claims = pyjwt.decode(
        response, key, algorithms=[algorithm], audience="hall-a", issuer=ISSUER, options=options
    )
    assert house.redeem(claims["code"]).status == 200


@pytest.mark.parametrize("algorithm", ["RS256", "none", "HS256", ""])
def test_no_other_algorithm_is_registered(house: House, algorithm: str) -> None:
    with pytest.raises(ClientFaulty):
        house.client(authorization_signed_alg=algorithm)


@pytest.mark.parametrize("mode", MODES)
def test_a_no_travels_in_it_too(house: House, mode: str) -> None:
    house.client()
    browser, _ = house.login(house.person())
    consent = house.authorize(browser, response_mode=mode).header("Location") or ""
    assert told(house, house.decide(browser, consent, "deny"), mode)["error"] == "access_denied"


def test_the_form_goes_to_the_clients_origin_and_nowhere_else(house: House) -> None:
    browser = _known(house)
    reply = house.authorize(browser, response_mode="form_post")
    policy = reply.header("Content-Security-Policy") or ""
    assert policy.partition("; form-action ")[2] == "http://localhost:8001"
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert reply.header("Cache-Control") == "no-store"
    assert reply.header("X-Frame-Options") == "DENY"
    # its own origin and nothing of the address: "same-origin" would make it "Origin: null"
    assert [value for name, value in reply.headers if name == "Referrer-Policy"] == ["strict-origin"]
    page = reply.body.decode()
    assert re.findall(r"<script[^>]*>", page) == ['<script src="/static/form_post.js" defer>']
    assert page.count("<form") == 1
    assert '<button type="submit">' in page


def test_what_the_client_sent_is_only_text_in_the_form(house: House) -> None:
    browser = _known(house)
    state = '"><script>alert(1)</script>&amp;'
    reply = house.authorize(browser, response_mode="form_post", state=state)
    assert b"<script>alert" not in reply.body
    assert posted(reply)["state"] == state


def test_a_form_needs_an_address_that_takes_one(house: House) -> None:
    for back in ("com.example.app:/back", "http://[::1]:8001/back"):
        _no_form(house, back)


def _no_form(house: House, back: str) -> None:
    house.client(trusted=True, application_type="native", redirect_uris=(back,), sector="example.com")
    browser, _ = house.login(house.person())
    reply = house.authorize(browser, redirect_uri=back, response_mode="form_post")
    assert (reply.header("Location") or "").startswith(back + "?error=invalid_request&")
    reply = house.authorize(browser, redirect_uri=back, response_mode="jwt")
    assert (reply.header("Location") or "").startswith(back + "?response=")


@pytest.mark.parametrize("mode", ["fragment", "fragment.jwt", "web_message", "JWT", "query jwt"])
def test_no_other_mode(house: House, mode: str) -> None:
    house.client()
    assert answered(house.authorize(None, response_mode=mode))["error"] == "invalid_request"


def test_a_signed_response_is_no_other_token(house: House) -> None:
    """A value made for one purpose is refused everywhere else."""
    browser = _known(house)
    response = answered(house.authorize(browser, response_mode="jwt"))["response"]
    found = answered(house.authorize(browser, id_token_hint=response))
    assert found["error"] == "invalid_request"
    assert house.userinfo(response).status == 401
    assert house.introspect(response) == {"active": False}
    assert house.redeem(response).status == 400


def test_the_metadata_lists_the_modes_and_the_key(house: House) -> None:
    found = body(house.call("GET", "/.well-known/openid-configuration"))
    assert found["response_modes_supported"] == ["query", "form_post", "query.jwt", "form_post.jwt", "jwt"]
    assert found["authorization_signing_alg_values_supported"] == ["ES256", "PS256", "EdDSA"]
    kids = {key["kid"] for key in body(house.call("GET", "/jwks"))["keys"]}
    assert house.engine.keys.signer(RING).kid in kids
