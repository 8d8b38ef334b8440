"""`make run TLS=1`: https everywhere, by an authority made on the spot, with the cookies that it allows."""

from __future__ import annotations

import ssl
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.flows.plain_browser import PlainBrowser
from tests.flows.province import LIN, Province
from tests.served import self_signed


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    found = Province(tmp_path_factory.mktemp("tls") / "var", tls=True)
    try:
        yield found.start()
    finally:
        found.kill()


@pytest.fixture
def browser(province: Province) -> Iterator[PlainBrowser]:
    with PlainBrowser() as found:
        found.session.trust_env = False  # or the machine's own authorities would count
        found.session.verify = province.facts["ca_file"]
        yield found


def test_a_login_over_https_ends_at_the_hall_with_cookies_that_only_https_carries(
    province: Province, browser: PlainBrowser
) -> None:
    page = browser.get(f"{province.hall_a}/me").log_in(province, LIN).agree()
    assert page.url == f"{province.hall_a}/me"
    assert "林漫" in page.text
    cookies: list[Any] = list(browser.session.cookies)
    assert len(cookies) > 3
    assert all(cookie.name.startswith("__Host-manyou") for cookie in cookies)
    assert all(cookie.secure for cookie in cookies)


def test_the_portal_and_its_verifier_are_there_over_https(province: Province, browser: PlainBrowser) -> None:
    page = browser.get(f"{province.portal}/login").log_in(province, LIN).agree()
    assert urlsplit(page.url).netloc == urlsplit(province.portal).netloc
    assert page.page.status_code == 200
    assert page.page.headers["Strict-Transport-Security"].startswith("max-age=")


def test_everything_said_of_itself_begins_with_https(province: Province, browser: PlainBrowser) -> None:
    discovery = browser.get(f"{province.issuer}/.well-known/openid-configuration").page.json()
    addresses = [value for name, value in discovery.items() if name.endswith(("_endpoint", "_uri", "issuer"))]
    assert addresses
    assert all(each.startswith("https://localhost:") for each in addresses)
    assert all(origin.startswith("https://127.0.0.1:") for origin in province.facts["halls"])


def test_clients_show_certificates_at_a_listener_of_its_own(province: Province, tmp_path: Path) -> None:
    trust = province.facts["ca_file"]
    told = requests.get(f"{province.issuer}/.well-known/openid-configuration", verify=trust, timeout=5).json()
    mtls = province.facts["mtls"]
    assert mtls == f"https://localhost:{province.ports[0] + 443}"
    assert told["mtls_endpoint_aliases"]["token_endpoint"] == f"{mtls}/token"
    assert "self_signed_tls_client_auth" in told["token_endpoint_auth_methods_supported"]
    client = province.client("market-inspection")
    chain, key = self_signed(tmp_path, "client")
    answer = requests.post(
        f"{mtls}/token",
        data={"grant_type": "client_credentials"},
        auth=(client["client_id"], client["client_secret"]),
        cert=(str(chain), str(key)),
        verify=trust,
        timeout=5,
    )
    assert answer.status_code == 200, answer.text
    assert requests.get(f"{mtls}/login", verify=trust, timeout=5).status_code == 404


def test_whoever_does_not_know_the_authority_trusts_nobody(province: Province) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(province.issuer, timeout=5)
    authority = Path(province.facts["ca_file"])
    assert stat.S_IMODE((authority.parent / "server.key").stat().st_mode) == 0o600
    context = ssl.create_default_context(cafile=authority)
    assert len(context.get_ca_certs()) == 1
    assert sorted(each.name for each in authority.parent.iterdir()) == ["ca.pem", "server.key", "server.pem"]
