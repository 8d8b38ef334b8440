"""A seeded demo folder, the house opened on it, and somebody who logs in there without a socket."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from werkzeug.test import Client, TestResponse

from service.demo.folder import Demo, prepare
from service.house import House
from service.settings import SETTINGS_FILE, load_settings
from web.application import WSGI

LIN = "350000199001010018"
HIDDEN = re.compile(r'name="csrf"[^>]*value="([^"]*)"')
VERIFIER = "a-verifier-of-more-than-forty-three-characters"


def free_ports(count: int) -> list[int]:
    with ExitStack() as open_ones:
        sockets = [open_ones.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A folder that the demo province was put into; one server or house at a time runs on it."""
    port, first, second = free_ports(3)
    found = Demo(tmp_path_factory.mktemp("demo"), port, (first, second))
    prepare(found)
    return found


@pytest.fixture(scope="module")
def house(demo: Demo) -> Iterator[House]:
    """The house on that folder, running."""
    found = House.open(load_settings({SETTINGS_FILE: str(demo.settings_file)}))
    found.start()
    yield found
    found.close()


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[[str], Path]:
    """An empty folder of a name."""

    def make(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        return folder

    return make


@dataclass(slots=True)
class Somebody:
    """A browser at the provider, and the demo's clients by their secrets."""

    facts: dict[str, Any]
    application: WSGI

    def client(self, client_id: str) -> dict[str, Any]:
        found: dict[str, Any] = next(each for each in self.facts["clients"] if each["client_id"] == client_id)
        return found

    def basic(self, client_id: str) -> dict[str, str]:
        secret = f"{client_id}:{self.client(client_id)['client_secret']}"
        return {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()}

    def tokens(self, client_id: str, scope: str) -> dict[str, Any]:
        """What LIN lets a trusted client have, through the login page."""
        client = self.client(client_id)
        resource = self.facts["elicence"]["resource"]
        digest = hashlib.sha256(VERIFIER.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": client["redirect_uris"][0],
            "scope": scope,
            "resource": resource,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        browser = Client(self.application)
        answer = self._open(browser, f"/authorize?{urlencode(query)}")
        for _ in range(8):
            location = answer.headers.get("Location")
            if location is None:
                answer = self._log_in(browser, answer)
            elif location.startswith(client["redirect_uris"][0]):
                break
            else:
                answer = self._open(browser, location)
        code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": client["redirect_uris"][0],
            "code_verifier": VERIFIER,
        }
        answer = browser.post(
            "/token", base_url=self.facts["issuer"], data=form, headers=self.basic(client_id)
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = json.loads(answer.data)
        return found

    def _open(self, browser: Client, path: str) -> TestResponse:
        return browser.get(path, base_url=self.facts["issuer"])

    def _log_in(self, browser: Client, page: TestResponse) -> TestResponse:
        hidden = HIDDEN.search(page.text)
        assert hidden, page.text
        person = next(each for each in self.facts["people"] if each["number"] == LIN)
        form = {"csrf": hidden[1], "identifier": LIN, "password": person["password"]}
        issuer = self.facts["issuer"]
        return browser.post(
            page.request.path + "?" + page.request.query_string.decode(),
            base_url=issuer,
            data=form,
            headers={"Origin": issuer},
        )


@pytest.fixture(scope="module")
def somebody(demo: Demo, house: House) -> Somebody:
    return Somebody(demo.facts(), house.application)
