"""Debian's mod_auth_openidc, unchanged: Apache lets in whoever logged in with us, until a logout anywhere.

It hears of the logout by the back channel and, in the person's browser, by the front channel; it begins one.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from tests.flows.plain_browser import PlainBrowser
from tests.flows.province import CHEN, LIN, Province, free_ports
from tests.flows.strangers import register, stranger

MODULES = Path("/usr/lib/apache2/modules")
SECONDS = 10
CONFIGURATION = """
ServerRoot {folder}
ServerName localhost
PidFile {folder}/pid
ErrorLog {folder}/error.log
Listen 127.0.0.1:{port}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule auth_openidc_module {modules}/mod_auth_openidc.so
{runs_as}
DocumentRoot {folder}/www
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID apache
OIDCClientSecret {secret}
OIDCRedirectURI {origin}/redirect
OIDCCryptoPassphrase {passphrase}
OIDCScope "openid profile"
OIDCPKCEMethod S256
OIDCIDTokenSignedResponseAlg ES256
OIDCProviderTokenEndpointAuth client_secret_basic
OIDCRemoteUserClaim name
OIDCCookieSameSite On
<Location />
    AuthType openid-connect
    Require valid-user
</Location>
<Location /bye>
    AuthType None
    Require all granted
</Location>
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One that Apache's own user may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="manyou-apache-") as made:
        Path(made).chmod(0o711)
        yield Path(made)


@pytest.fixture(scope="module")
def apache(province: Province, folder: Path) -> Iterator[str]:
    """Apache's origin, with a page behind the login and one before it."""
    pages = folder / "www"
    pages.mkdir()
    for name, text in (("page", "behind the login"), ("bye", "logged out")):
        (pages / name).write_text(text)
        (pages / name).chmod(0o644)  # whatever the umask: our command line makes it strict
    pages.chmod(0o755)
    (port,) = free_ports(1)
    origin = f"http://localhost:{port}"
    client, secret = stranger(
        "apache",
        redirect_uris=(f"{origin}/redirect",),
        post_logout_redirect_uris=(f"{origin}/bye",),
        backchannel_logout_uri=f"{origin}/redirect?logout=backchannel",
        backchannel_logout_session_required=True,
        frontchannel_logout_uri=f"{origin}/redirect?logout=get",
    )
    register(province, client)
    configuration = folder / "apache.conf"
    text = CONFIGURATION.format(
        folder=folder,
        port=port,
        modules=MODULES,
        runs_as="User www-data\nGroup www-data" if os.getuid() == 0 else "",
        issuer=province.issuer,
        secret=secret,
        origin=origin,
        passphrase=secrets.token_hex(16),
    )
    configuration.touch(0o600)
    configuration.write_text(text)
    command = ["/usr/sbin/apache2", "-f", str(configuration), "-DFOREGROUND"]
    process = subprocess.Popen(command, env={"PATH": "/usr/sbin:/usr/bin", "LANG": "C"})
    try:
        until = time.monotonic() + SECONDS
        while not _answers(f"{origin}/bye"):
            assert process.poll() is None, (folder / "error.log").read_text()
            assert time.monotonic() < until
            time.sleep(0.05)
        yield origin
    finally:
        process.terminate()
        process.wait(SECONDS)


def _answers(address: str) -> bool:
    with suppress(requests.ConnectionError):
        return requests.get(address, timeout=SECONDS).ok
    return False


def _let_in(browser: PlainBrowser, apache: str) -> bool:
    return browser.get(f"{apache}/page").page.text == "behind the login"


def _log_in(province: Province, apache: str, browser: PlainBrowser, number: str) -> None:
    browser.get(f"{apache}/page").log_in(province, number).agree()
    assert browser.page.text == "behind the login"
    assert _let_in(browser, apache)


def test_a_logout_at_the_provider_is_one_at_apache(province: Province, apache: str) -> None:
    """By the back channel alone: this browser loads no frames. Another person stays logged in."""
    with PlainBrowser() as lin, PlainBrowser() as chen:
        _log_in(province, apache, lin, LIN)
        _log_in(province, apache, chen, CHEN)
        lin.get(f"{province.issuer}/account").send("/account/logout")
        assert 'class="button" id="onward"' in lin.page.text
        until = time.monotonic() + SECONDS
        while _let_in(lin, apache):
            assert time.monotonic() < until, "it never heard of the logout"
            time.sleep(0.05)
        assert "/login?" in lin.url
        assert _let_in(chen, apache)


def test_the_frame_logs_this_browser_out(province: Province, apache: str) -> None:
    with PlainBrowser() as browser:
        _log_in(province, apache, browser, LIN)
        picture = browser.get(f"{apache}/redirect?logout=get").page
        assert picture.ok
        answered = browser.session.get(f"{apache}/page", timeout=SECONDS, allow_redirects=False)
        assert answered.headers["Location"].startswith(f"{province.issuer}/authorize?")


def test_a_logout_at_apache_is_one_everywhere(province: Province, apache: str) -> None:
    with PlainBrowser() as browser:
        _log_in(province, apache, browser, LIN)
        browser.get(f"{apache}/redirect?logout={apache}/bye")
        assert f'id="onward" href="{apache}/bye' in browser.page.text
        assert "/login" in browser.get(f"{province.issuer}/account").url
        assert not _let_in(browser, apache)
