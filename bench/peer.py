"""node-oidc-provider and a Redis of its own, started for the comparison and stopped after it."""

from __future__ import annotations

import base64
import json
import secrets
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlencode

from bench.drive import LOAD_CORE, SERVER_CORE, Operation, Target, request
from bench.process import free_port, running

__all__ = ["peer"]

HERE = Path(__file__).parent / "peer"
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

    def form(self, path: str, **fields: str) -> bytes:
        """A client's POST."""
        return request("POST", path, self.host, self.client, urlencode(fields).encode())

    def codes(self, count: int) -> list[bytes]:
        """Exchanges of as many fresh authorization codes."""
        codes: list[str] = []
        while len(codes) < count:
            wanted = min(count - len(codes), 1000)
            call = urllib.request.Request(f"http://{self.host}/bench/codes?count={wanted}", method="POST")
            with urllib.request.urlopen(call, timeout=60) as answer:
                codes += json.load(answer)
        fixed = {
            "grant_type": "authorization_code",
            "redirect_uri": REDIRECT_URI,
            "code_verifier": self.verifier,
        }
        return [self.form("/token", code=code, **fixed) for code in codes]

    def opaque_token(self) -> str:
        """An access token from one exchange."""
        _, _, body = self.codes(1)[0].partition(b"\r\n\r\n")
        call = urllib.request.Request(f"http://{self.host}/token", data=body, headers=self.client)
        with urllib.request.urlopen(call, timeout=60) as answer:
            return str(json.load(answer)["access_token"])

    def operations(self) -> tuple[Operation, ...]:
        """The four that are compared."""
        credentials = self.form("/token", grant_type="client_credentials", resource=RESOURCE, scope="read")
        introspection = self.form("/token/introspection", token=self.opaque_token())
        discovery = request("GET", "/.well-known/openid-configuration", self.host)
        return (
            Operation("client credentials", lambda n: [credentials] * n, b'"access_token"', 2),
            Operation("code exchange", self.codes, b'"id_token"'),
            Operation("introspection", lambda n: [introspection] * n, b'"active":true', 3),
            Operation("discovery", lambda n: [discovery] * n, b'"token_endpoint"', 5),
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
