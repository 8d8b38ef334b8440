"""Our server as the demo sets it up, asked by a client of its own: real logins, real codes, no short cut."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from bench.drive import CONNECTIONS, SERVER_CORE, Flow, Operation, Target, request
from bench.flow import in_turn, silent, whole_flow
from bench.process import free_port, running
from bench.proofs import Proofs

__all__ = ["ours"]

START_SECONDS = 60
HALL, SERVICE = "hall-a", "records-service"
NOTHING: Mapping[str, str] = {}
HIDDEN = re.compile(r'name="csrf"[^>]*value="([^"]*)"')


class Requests:
    """What our provider is asked, from what the demo tells its testers."""

    def __init__(self, demo: dict[str, Any]) -> None:
        self.issuer, self.host = demo["issuer"], urlsplit(demo["issuer"]).netloc
        self.clients = {client["client_id"]: client for client in demo["clients"]}
        self.person = next(each for each in demo["people"] if each["password"] and not each["totp_secret"])
        self.browser = requests.Session()
        self.verifier = secrets.token_urlsafe(32)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        self.challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def form(
        self, client: str, path: str, fields: Mapping[str, str], more: Mapping[str, str] = NOTHING
    ) -> bytes:
        """A client's POST with its secret; ``more``: further headers."""
        pair = f"{client}:{self.clients[client]['client_secret']}".encode()
        basic = {"Authorization": "Basic " + base64.b64encode(pair).decode()}
        return request("POST", path, self.host, basic | dict(more), urlencode(fields).encode())

    @property
    def asked(self) -> dict[str, str]:
        """The parameters of an authorization request."""
        return {
            "response_type": "code",
            "client_id": HALL,
            "redirect_uri": self.clients[HALL]["redirect_uris"][0],
            "scope": "openid offline_access",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
        }

    def code(self) -> str:
        """One authorization code; the first time through the login and consent pages."""
        hall = self.clients[HALL]
        answer = self.browser.get(f"{self.issuer}/authorize?{urlencode(self.asked)}", allow_redirects=False)
        for _ in range(8):
            location = answer.headers.get("location", "")
            if location.startswith(hall["redirect_uris"][0]):
                return parse_qs(urlsplit(location).query)["code"][0]
            if location:
                answer = self.browser.get(
                    requests.compat.urljoin(self.issuer, location), allow_redirects=False
                )
            else:
                answer = self.fill(answer)
        raise RuntimeError(f"no code after eight steps: {answer.status_code} {answer.url}")

    def fill(self, page: requests.Response) -> requests.Response:
        """Send the form of the login or the consent page."""
        if (hidden := HIDDEN.search(page.text)) is None:
            raise RuntimeError(f"no form at {page.url}: {page.status_code}")
        fields = {"csrf": hidden[1], "decision": "allow"}
        if 'name="password"' in page.text:
            fields |= {"identifier": self.person["number"], "password": self.person["password"]}
        return self.browser.post(page.url, fields, headers={"Origin": self.issuer}, allow_redirects=False)

    def exchange(self, code: str, more: Mapping[str, str] = NOTHING) -> bytes:
        """The exchange of a code."""
        fields = {
            "grant_type": "authorization_code",
            "redirect_uri": self.clients[HALL]["redirect_uris"][0],
            "code_verifier": self.verifier,
            "code": code,
        }
        return self.form(HALL, "/token", fields, more)

    def exchanges(self, count: int) -> list[bytes]:
        """Exchanges of as many fresh codes."""
        return [self.exchange(self.code()) for _ in range(count)]

    def proven(self, count: int) -> list[bytes]:
        """The same, each with a DPoP proof."""
        codes, proofs = [self.code() for _ in range(count)], Proofs(f"{self.issuer}/token")
        return [self.exchange(code, proofs.header()) for code in codes]

    def answered(self) -> dict[str, Any]:
        """The answer to one exchange."""
        head, _, body = self.exchanges(1)[0].partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        answer = requests.post(f"{self.issuer}/token", body, headers=headers, timeout=30)
        return dict(answer.json())

    def flows(self, count: int) -> list[Flow]:
        """From the pushed request to the tokens, by a browser that is logged in."""
        pushed = self.form(HALL, "/par", self.asked)

        def authorize(uri: str) -> bytes:
            return self.authorize({"client_id": HALL, "request_uri": uri})

        self.code()
        return [whole_flow(pushed, authorize, self.exchange) for _ in range(count)]

    def silents(self, count: int) -> list[Flow]:
        """A hall asks whether the browser is logged in, and gets a code without a page."""
        self.code()
        asked = self.authorize({**self.asked, "prompt": "none", "state": "s" * 22, "nonce": "n" * 22})
        return [silent(asked) for _ in range(count)]

    def authorize(self, asked: Mapping[str, str]) -> bytes:
        """An authorization request of the browser as it is."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.browser.cookies.items())
        return request("GET", f"/authorize?{urlencode(asked)}", self.host, {"Cookie": cookies})

    def operations(self) -> tuple[Operation, ...]:
        """What is compared."""
        resource = self.clients[SERVICE]["resources"][0]
        credentials = self.form(SERVICE, "/token", {"grant_type": "client_credentials", "resource": resource})
        tokens = [self.answered() for _ in range(CONNECTIONS)]
        access = tokens[0]["access_token"]
        introspection = self.form(HALL, "/introspect", {"token": access})
        refreshes = [
            self.form(HALL, "/token", {"grant_type": "refresh_token", "refresh_token": each["refresh_token"]})
            for each in tokens
        ]
        userinfo = request("GET", "/userinfo", self.host, {"Authorization": f"Bearer {access}"})
        discovery = request("GET", "/.well-known/openid-configuration", self.host)
        jwks = request("GET", "/jwks", self.host)
        return (
            Operation("client credentials", lambda n: [credentials] * n, b'"access_token"', 2),
            Operation("code exchange", self.exchanges, b'"id_token"'),
            Operation("code exchange, DPoP", self.proven, b'"DPoP"'),
            Operation("refresh", lambda n: in_turn(refreshes, n), b'"access_token"'),
            Operation("whole flow", self.flows, b""),
            Operation("silent sign-on", self.silents, b""),
            Operation("introspection", lambda n: [introspection] * n, b'"active":true', 3),
            Operation("userinfo", lambda n: [userinfo] * n, b'"sub"', 3),
            Operation("discovery", lambda n: [discovery] * n, b'"token_endpoint"', 5),
            Operation("JWKS", lambda n: [jwks] * n, b'"keys"', 5),
        )


@contextmanager
def ours(engine: str, folder: Path, settings: Mapping[str, str]) -> Iterator[Target]:
    """Our server on the server's core, with its demo data in `folder`."""
    port, demo = free_port(), folder / "demo.json"
    command = [str(Path(sys.executable).with_name("manyou")), "serve", "--demo", "--no-halls"]
    with running([*command, "--folder", str(folder), "--port", str(port)], SERVER_CORE, settings) as server:
        ends = time.monotonic() + START_SECONDS
        while not (demo.exists() and answers(f"http://localhost:{port}")):
            if time.monotonic() > ends or server.poll() is not None:
                raise RuntimeError("our server did not start")
            time.sleep(0.1)
        yield Target(
            engine, "127.0.0.1", port, server.pid, Requests(json.loads(demo.read_text())).operations()
        )


def answers(issuer: str) -> bool:
    """Whether discovery is there."""
    try:
        return requests.get(f"{issuer}/.well-known/openid-configuration", timeout=5).ok
    except requests.ConnectionError:
        return False
