"""The suite's static clients: what `conformance.json` says works as it stands, over https."""

from __future__ import annotations

import hashlib
import json
import secrets
import subprocess
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
import requests

from tests.flows.plain_browser import PlainBrowser
from tests.flows.province import LIN, Province
from tests.service.server import MANYOU

SUITE = "https://suite.example:8443/test/a/manyou"
VERIFIER = "conformance-" + "v" * 43


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    found = Province(tmp_path_factory.mktemp("conformance") / "var", halls=False, tls=True)
    try:
        yield found.start()
    finally:
        found.kill()


def told(province: Province, suite: str = SUITE) -> subprocess.CompletedProcess[str]:
    command = [MANYOU, "demo", "--tls", "--folder", str(province.folder), "--port", str(province.ports[0])]
    command += ["--conformance", suite]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def facts(province: Province) -> dict[str, Any]:
    """Written beside the running server."""
    done = told(province)
    assert done.returncode == 0, done.stderr
    path = province.folder / "conformance.json"
    assert done.stdout.strip() == str(path)
    assert path.stat().st_mode & 0o077 == 0
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


@pytest.fixture
def browser(province: Province) -> Iterator[PlainBrowser]:
    with PlainBrowser(stop=lambda url: url.startswith(SUITE)) as found:
        found.session.trust_env, found.session.verify = False, province.facts["ca_file"]
        yield found


def authorized(browser: PlainBrowser, province: Province, client: str, redirect: str, **more: str) -> str:
    query = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": redirect,
        "scope": "openid",
        "prompt": "login",
        "nonce": "n",
        **more,
    }
    browser.get(f"{province.issuer}/authorize?{urlencode(query)}")
    if "/login" in browser.url:
        browser.log_in(province, LIN).agree()
    return browser.left_for


@pytest.mark.module("oidcc-discovery-endpoint-verification")
@pytest.mark.module(
    "fapi2-security-profile-final-discovery-end-point-verification",
    "fapi2-security-profile-final-par-attempt-invalid-http-method",
)
def test_discovery_end_point_verification(province: Province, browser: PlainBrowser) -> None:
    """Every address is https and answers as what it is; both forms of the document say the same."""
    forms = [
        browser.session.get(f"{province.issuer}/.well-known/{name}", timeout=10).json()
        for name in ("openid-configuration", "oauth-authorization-server")
    ]
    assert forms[0] == forms[1]
    found = forms[0]
    assert found["issuer"] == province.issuer
    addresses = {
        name: value for name, value in found.items() if name.endswith(("_endpoint", "_uri", "_iframe"))
    }
    assert all(each.startswith("https://") for each in addresses.values())
    called = {name: browser.session.get(each, timeout=10).status_code for name, each in addresses.items()}
    assert not [name for name, status in called.items() if status == 404 or status >= 500]
    assert called["pushed_authorization_request_endpoint"] == 405  # a request is pushed by POST alone
    assert browser.session.get(found["jwks_uri"], timeout=10).json()["keys"]
    if "mtls_endpoint_aliases" in found:
        assert found["tls_client_certificate_bound_access_tokens"] is True
        assert "self_signed_tls_client_auth" in found["token_endpoint_auth_methods_supported"]


def test_basic_without_pkce_and_redirect_addresses_as_they_are(
    province: Province, facts: dict[str, Any], browser: PlainBrowser
) -> None:
    plan = facts["plans"]["oidcc-basic"]
    for name, query in (
        ("client", ""),
        ("client2", "?dummy1=lorem&dummy2=ipsum"),
        ("client_secret_post", ""),
    ):
        client = plan[name]
        back = authorized(browser, province, client["client_id"], f"{SUITE}/callback{query}")
        assert back.startswith(f"{SUITE}/callback{query or '?'}")
        form = {
            "grant_type": "authorization_code",
            "code": parse_qs(urlsplit(back).query)["code"][0],
            "redirect_uri": f"{SUITE}/callback{query}",
        }
        proof = (client["client_id"], client["client_secret"])
        if name == "client_secret_post":
            form |= {"client_id": proof[0], "client_secret": proof[1]}
        answer = browser.session.post(
            f"{province.issuer}/token", data=form, auth=None if "client_secret" in form else proof, timeout=10
        )
        assert answer.status_code == 200, answer.text
        assert jwt.get_unverified_header(answer.json()["id_token"])["alg"] == "RS256"
    wrong = authorized(browser, province, plan["client"]["client_id"], f"{SUITE}/callback?dummy1=lorem")
    assert not wrong


def test_the_suite_hears_of_a_logout_where_its_plan_is_about_it(
    province: Province, facts: dict[str, Any], browser: PlainBrowser
) -> None:
    """A call that a module does not expect would fail it."""
    framed = {}
    for plan in ("oidcc-basic", "oidcc-backchannel-logout", "oidcc-frontchannel-logout"):
        client = facts["plans"][plan]["client"]
        back = authorized(browser, province, client["client_id"], f"{SUITE}/callback")
        form = {"grant_type": "authorization_code", "code": parse_qs(urlsplit(back).query)["code"][0]}
        form["redirect_uri"] = f"{SUITE}/callback"
        proof = (client["client_id"], client["client_secret"])
        answer = browser.session.post(f"{province.issuer}/token", data=form, auth=proof, timeout=10)
        asked = {"id_token_hint": answer.json()["id_token"], "state": "s"}
        asked["post_logout_redirect_uri"] = f"{SUITE}/post_logout_redirect"
        browser.get(f"{province.issuer}/logout?{urlencode(asked)}")
        framed[plan] = f'src="{SUITE}/frontchannel_logout?iss=' in browser.page.text
        if framed[plan]:
            assert f'content="1; url={SUITE}/post_logout_redirect?state=s"' in browser.page.text
        else:
            assert browser.left_for == f"{SUITE}/post_logout_redirect?state=s"
    assert [plan for plan, page in framed.items() if page] == ["oidcc-frontchannel-logout"]


def signed(key: dict[str, Any], claims: dict[str, Any], **header: Any) -> str:
    return jwt.encode(claims, jwt.PyJWK(key).key, "ES256", headers={"kid": key["kid"], **header})


def test_fapi_with_the_generated_keys(
    province: Province, facts: dict[str, Any], browser: PlainBrowser
) -> None:
    client = facts["plans"]["fapi2-dpop"]["client"]
    key = client["jwks"]["keys"][0]
    public = {name: value for name, value in key.items() if name in {"kty", "crv", "x", "y"}}

    def asked(path: str, **form: str) -> requests.Response:
        now = int(time.time())
        proof: dict[str, Any] = {"iat": now, "jti": secrets.token_urlsafe(), "htm": "POST"}
        proof["htu"] = f"{province.issuer}{path}"
        assertion = {"iss": client["client_id"], "sub": client["client_id"], "aud": province.issuer}
        assertion |= {"iat": now, "exp": now + 60, "jti": secrets.token_urlsafe()}
        return browser.session.post(
            f"{province.issuer}{path}",
            data={
                "client_id": client["client_id"],
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": signed(key, assertion),
                **form,
            },
            headers={"DPoP": signed(key, proof, typ="dpop+jwt", jwk=public)},
            timeout=10,
        )

    challenge = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    pushed = asked(
        "/par",
        response_type="code",
        redirect_uri=f"{SUITE}/callback",
        scope=client["scope"],
        code_challenge=challenge,
        code_challenge_method="S256",
    )
    assert pushed.status_code == 201, pushed.text
    query = urlencode({"client_id": client["client_id"], "request_uri": pushed.json()["request_uri"]})
    browser.get(f"{province.issuer}/authorize?{query}")
    browser.log_in(province, LIN).agree()
    answer = asked(
        "/token",
        grant_type="authorization_code",
        code=parse_qs(urlsplit(browser.left_for).query)["code"][0],
        redirect_uri=f"{SUITE}/callback",
        code_verifier=VERIFIER,
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["token_type"] == "DPoP"


def test_the_initial_access_token_registers(
    province: Province, facts: dict[str, Any], browser: PlainBrowser
) -> None:
    answer = browser.session.post(
        f"{province.issuer}/register",
        json={"redirect_uris": [f"{SUITE}/callback"], "client_name": "suite"},
        headers={"Authorization": f"Bearer {facts['initial_access_token']}"},
        timeout=10,
    )
    assert answer.status_code == 201, answer.text


def test_every_plan_is_whole(facts: dict[str, Any]) -> None:
    plans = facts["plans"]
    logouts = {"oidcc-backchannel-logout", "oidcc-frontchannel-logout"}
    names = {"oidcc-basic", *logouts, "fapi2-dpop", "fapi2-mtls", "fapi2-message-signing", "fapi-ciba-poll"}
    assert set(plans) == {*names, "fapi-ciba-ping"}
    ids = [plan[name]["client_id"] for plan in plans.values() for name in ("client", "client2")]
    assert len(set(ids)) == 16
    for name, plan in plans.items():
        assert plan["alias"] == "manyou"
        assert plan["server"]["discoveryUrl"].startswith(facts["issuer"])
        if not name.startswith("oidcc-"):
            assert all("d" in each for each in plan["client"]["jwks"]["keys"])
            assert plan["mtls"]["cert"].startswith("-----BEGIN CERTIFICATE-----")


@pytest.mark.parametrize("suite", ["http://suite.example/test/a/x", "https://suite.example/", "nonsense"])
def test_another_address_is_refused_in_one_line(province: Province, suite: str) -> None:
    refused = told(province, suite)
    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: --conformance")
