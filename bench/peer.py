"""node-oidc-provider and a Redis of its own, started for the comparison and stopped after it."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench.drive import CONNECTIONS, LOAD_CORE, SERVER_CORE, Flow, Operation, Target, request
from bench.flow import in_turn, silent, whole_flow
from bench.process import free_port, running
from bench.proofs import Proofs

__all__ = ["peer"]

HERE = Path(__file__).parent / "peer"
NOTHING: Mapping[str, str] = {}
CLIENT_ID = "bench"
RESOURCE = "https://api.example"
REDIRECT_URI = "https://hall.example/callback"


def node() -> str:
    """The Node that the provider asks for, as npm brought it; else the machine's."""
    return str(next(HERE.glob("node_modules/node-linux-*/bin/node"), "node"))


class Requests:
    """What the peer is asked, with one client's secret."""

    def __init__(self, port: int, secret: str, verifier: str) -> None:
        self.host, self.verifier = f"127.0.0.1:{port}", verifier
        basic = base64.b64encode(f"{CLIENT_ID}:{secret}".encode()).decode()
        self.client = {"Authorization": f"Basic {basic}"}

    def form(self, path: str, fields: Mapping[str, str], more: Mapping[str, str] = NOTHING) -> bytes:
        """A client's POST; ``more``: further headers."""
        return request("POST", path, self.host, self.client | dict(more), urlencode(fields).encode())

    def codes(self, count: int) -> list[str]:
        """As many fresh authorization codes."""
        codes: list[str] = []
        while len(codes) < count:
            wanted = min(count - len(codes), 1000)
            call = urllib.request.Request(f"http://{self.host}/bench/codes?count={wanted}", method="POST")
            with urllib.request.urlopen(call, timeout=60) as answer:
                codes += json.load(answer)
        return codes

    def exchange(self, code: str, more: Mapping[str, str] = NOTHING) -> bytes:
        """The exchange of a code."""
        fields = {
            "grant_type": "authorization_code",
            "redirect_uri": REDIRECT_URI,
            "code_verifier": self.verifier,
            "code": code,
        }
        return self.form("/token", fields, more)

    def proven(self, count: int) -> list[bytes]:
        """Exchanges, each with a DPoP proof."""
        codes, proofs = self.codes(count), Proofs(f"http://{self.host}/token")
        return [self.exchange(code, proofs.header()) for code in codes]

    def answered(self) -> dict[str, Any]:
        """The answer to one exchange."""
        _, _, body = self.exchange(self.codes(1)[0]).partition(b"\r\n\r\n")
        call = urllib.request.Request(f"http://{self.host}/token", data=body, headers=self.client)
        with urllib.request.urlopen(call, timeout=60) as answer:
            return dict(json.load(answer))

    def flows(self, count: int) -> list[Flow]:
        """From the pushed request to the tokens, by a browser that is logged in."""
        cookies, asked = self.session(), self.asked()
        pushed = self.form("/request", asked)

        def authorize(uri: str) -> bytes:
            query = urlencode({"client_id": CLIENT_ID, "request_uri": uri})
            return request("GET", f"/auth?{query}", self.host, {"Cookie": cookies})

        return [whole_flow(pushed, authorize, self.exchange) for _ in range(count)]

    def silents(self, count: int) -> list[Flow]:
        """A hall asks whether the browser is logged in, and gets a code without a page."""
        query = urlencode({**self.asked(), "prompt": "none", "state": "s" * 22, "nonce": "n" * 22})
        asked = request("GET", f"/auth?{query}", self.host, {"Cookie": self.session()})
        return [silent(asked) for _ in range(count)]

    def session(self) -> str:
        """The cookies of a browser that is logged in."""
        call = urllib.request.Request(f"http://{self.host}/bench/session", method="POST")
        with urllib.request.urlopen(call, timeout=60) as answer:
            return "; ".join(each.partition(";")[0] for each in answer.headers.get_all("Set-Cookie"))

    def asked(self) -> dict[str, str]:
        """The parameters of an authorization request."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=")
        return {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": REDIRECT_URI,
            "scope": "openid offline_access",
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }

    def operations(self) -> tuple[Operation, ...]:
        """What is compared."""
        credentials = self.form(
            "/token", {"grant_type": "client_credentials", "resource": RESOURCE, "scope": "read"}
        )
        tokens = [self.answered() for _ in range(CONNECTIONS)]
        access = tokens[0]["access_token"]
        introspection = self.form("/token/introspection", {"token": access})
        refreshes = [
            self.form("/token", {"grant_type": "refresh_token", "refresh_token": each["refresh_token"]})
            for each in tokens
        ]
        userinfo = request("GET", "/me", self.host, {"Authorization": f"Bearer {access}"})
        discovery = request("GET", "/.well-known/openid-configuration", self.host)
        jwks = request("GET", "/jwks", self.host)
        return (
            Operation("client credentials", lambda n: [credentials] * n, b'"access_token"', 2),
            Operation("code exchange", lambda n: list(map(self.exchange, self.codes(n))), b'"id_token"'),
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
def peer() -> Iterator[Target]:
    """The peer on the server's core; its Redis on the other one, where its time is not counted."""
    port, redis_port = free_port(), free_port()
    secret, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        redis = [
            "redis-server",
            "--port",
            str(redis_port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            folder,
        ]
        stack.enter_context(running(redis, LOAD_CORE, {}, b"Ready to accept connections"))
        settings = {
            "NODE_ENV": "production",
            "PORT": str(port),
            "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
            "CLIENT_ID": CLIENT_ID,
            "CLIENT_SECRET": secret,
            "CODE_VERIFIER": verifier,
        }
        server = stack.enter_context(
            running([node(), str(HERE / "server.js")], SERVER_CORE, settings, b"ready")
        )
        operations = Requests(port, secret, verifier).operations()
        yield Target("node-oidc-provider", "127.0.0.1", port, server.pid, operations)
