"""Clients of others at a running province: registered beside it as an operator does, and who logs in there.

``register`` goes through the same door as every registration, so its rules hold.
"""

from __future__ import annotations

import os
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from requests_oauth2client import ClientSecretBasic, OAuth2Client, PrivateKeyJwt, PublicApp

from idp.oauth.clients import registered as clients
from idp.oauth.clients.client import Client, new_secret
from idp.oauth.registering import initial
from service.house import House
from service.settings import SETTINGS_FILE, load_settings
from store import Tx
from tests.flows.plain_browser import PlainBrowser
from tests.flows.province import LIN, Province

__all__ = ["BACK", "LEFT", "SCOPE", "Visitor", "invite", "metadata", "oauth2_client", "register", "stranger"]

BACK, LEFT = "http://127.0.0.1:49152/callback", "http://127.0.0.1:49152/"
"""Nobody listens there: the browser stops where the client's own address begins."""
SCOPE = "openid profile offline_access"
INVITED_SECONDS = 600


def stranger(client_id: str, **values: Any) -> tuple[Client, str]:
    """A client and its secret, a confidential one of the code flow unless told otherwise."""
    secret, digest = new_secret(os.urandom)
    known: dict[str, Any] = {
        "client_id": client_id,
        "name_zh": f"外来应用 {client_id}",
        "name_en": f"Stranger {client_id}",
        "redirect_uris": (BACK,),
        "post_logout_redirect_uris": (LEFT,),
        "grants": ("authorization_code", "refresh_token"),
        "scopes": tuple(SCOPE.split()),
        "sector": f"{client_id}.example",
    }
    if values.get("auth_method", "client_secret_basic").startswith("client_secret"):
        return Client(**known | {"secret_hashes": (digest,)} | values), secret
    return Client(**known | values), ""


def register(province: Province, *made: Client) -> None:
    """Register them while the province serves; it knows them at the next request."""
    for client in made:
        _beside(province, lambda tx, now, client=client: clients.put(tx, client, now))  # type: ignore[misc]


def invite(province: Province, **terms: Any) -> str:
    """An initial access token, good for one registration (RFC 7591 § 3)."""
    token = b64encode(os.urandom(32), b"-_").decode().rstrip("=")
    hash_, asked = initial.digest(token), initial.Terms(**terms)
    _beside(
        province, lambda tx, now: initial.issue(tx, hash_, asked, uses=1, ends=now + INVITED_SECONDS, now=now)
    )
    return token


def _beside(province: Province, work: Callable[[Tx, int], None]) -> None:
    file = str(province.folder / "manyou.toml")
    house = House.open(load_settings({**os.environ, SETTINGS_FILE: file}), server=False)
    try:
        house.durable.write(lambda tx: work(tx, int(time.time())))
    finally:
        house.close()


def metadata(province: Province) -> dict[str, Any]:
    """The discovery document."""
    found: dict[str, Any] = requests.get(
        f"{province.issuer}/.well-known/openid-configuration", timeout=10
    ).json()
    return found


def oauth2_client(
    province: Province, client_id: str, secret: str | dict[str, Any] | None, back: str = BACK, **more: Any
) -> OAuth2Client:
    """PyPI requests-oauth2client; ``secret`` may be a private JWK.

    Never in a ``with`` statement, which it offers too: its ``__exit__`` swallows every exception, a test's
    failed assertions among them.
    """
    client = OAuth2Client.from_discovery_endpoint(
        issuer=province.issuer,
        auth=_proof(client_id, secret),
        redirect_uri=back,
        id_token_signed_response_alg="ES256",
        testing=True,  # plain HTTP on loopback
        **more,
    )
    client.update_authorization_server_public_keys()
    return client


def _proof(client_id: str, secret: str | dict[str, Any] | None) -> AuthBase:
    if isinstance(secret, dict):
        return PrivateKeyJwt(client_id, secret, alg="ES256")
    return ClientSecretBasic(client_id, secret) if secret else PublicApp(client_id)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A client, and a person in a browser that stops where the client's own address begins."""

    province: Province
    client_id: str
    secret: str | dict[str, Any] | None
    """A dictionary is a private JWK."""
    browser: PlainBrowser
    back: str = BACK
    left: str = LEFT
    number: str = LIN

    @classmethod
    @contextmanager
    def of(
        cls,
        province: Province,
        client_id: str,
        secret: str | dict[str, Any] | None = None,
        back: str = BACK,
        left: str = LEFT,
    ) -> Iterator[Visitor]:
        """In a fresh browser."""
        with PlainBrowser(stop=lambda url: url.startswith(back) or url.partition("?")[0] == left) as browser:
            yield cls(province, client_id, secret, browser, back, left)

    def go(self, url: str) -> str:
        """Open the authorization request, log in where asked, agree where asked; where it led."""
        self.browser.get(url)
        self._log_in()
        self.browser.agree()
        assert self.browser.left_for, self.browser.text
        return self.browser.left_for

    def let_in(self, address: str, user_code: str) -> None:
        """Open a waiting device's address, look what asks, and agree."""
        self.browser.get(address)
        self._log_in()
        self.browser.send("/device", user_code=user_code)
        self.browser.send("/device/decide", decision="allow")
        assert "done=allow" in self.browser.url, self.browser.text

    def say_yes(self) -> str:
        """Agree to the one request that waits on the person's own page; what the page said of it."""
        self.browser.get(f"{self.province.issuer}/account/requests")
        self._log_in()
        said = self.browser.text
        self.browser.send("/account/requests/decide", decision="allow")
        assert "done=allow" in self.browser.url, self.browser.text
        return said

    def log_out(self, metadata: dict[str, Any], id_token: str) -> None:
        """RP-initiated logout, with the ID token as the proof; afterwards nobody is logged in."""
        asked = {"id_token_hint": id_token, "post_logout_redirect_uri": self.left, "state": "bye"}
        url = requests.Request("GET", metadata["end_session_endpoint"], params=asked).prepare().url
        assert url
        self.browser.get(url)
        assert self.browser.left_for == f"{self.left}?state=bye"
        assert "/login" in self.browser.get(f"{self.province.issuer}/account").url

    def _log_in(self) -> None:
        if not self.browser.left_for and urlsplit(self.browser.url).path.startswith("/login"):
            self.browser.log_in(self.province, self.number)
