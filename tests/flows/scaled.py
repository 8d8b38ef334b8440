"""The service as an operator runs it: nginx, two workers, PostgreSQL with its roles, Redis Cluster; all real.

Everything is of the harness's own, so that a test may stop and empty it.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg
import requests

from store import migrate
from store.postgres import PostgresDurable
from tests.flows.plain_browser import PlainBrowser
from tests.nginx_server import Nginx
from tests.postgres_server import Server
from tests.redis_server import RedisCluster
from tests.service.conftest import free_ports
from tests.service.scaled import ScaledServer

__all__ = ["Scaled", "scaled"]

ROLES = Path(__file__).parents[2] / "deploy" / "postgresql"
DATABASE = "manyou_scaled"
VERIFIER = "scaled-" + "v" * 43
CHALLENGE = b64encode(sha256(VERIFIER.encode()).digest(), b"-_").decode().rstrip("=")
SECONDS = 10


class Scaled:
    """What a test knows of it."""

    def __init__(
        self, server: ScaledServer, database: Server, redis: RedisCluster, port: int, strict: int
    ) -> None:
        self.strict = strict
        """nginx's port where a name must be given."""
        self.started = time.monotonic()
        self.server, self.database, self.redis = server, database, redis
        self.issuer, self.portal = f"https://localhost:{port}", f"https://127.0.0.1:{port}"
        self.facts: dict[str, Any] = server.facts()
        self.process: subprocess.Popen[bytes] | None = None

    def http(self) -> requests.Session:
        """A client that trusts the development CA alone."""
        session = requests.Session()
        session.trust_env, session.verify = False, self.facts["ca_file"]
        return session

    def person(self, number: str) -> dict[str, Any]:
        """What demo.json says of a person."""
        found: dict[str, Any] = next(each for each in self.facts["people"] if each["number"] == number)
        return found

    def client(self, client_id: str) -> dict[str, Any]:
        """What demo.json says of a client."""
        found: dict[str, Any] = next(each for each in self.facts["clients"] if each["client_id"] == client_id)
        return found

    def otp(self, number: str) -> str:
        """Nobody who logs in here has one."""
        raise NotImplementedError(number)

    def post(self, http: requests.Session, path: str, client_id: str, **form: str) -> requests.Response:
        """A client's request with its secret."""
        proof = client_id, self.client(client_id)["client_secret"]
        return http.post(f"{self.issuer}{path}", data=form, auth=proof, timeout=SECONDS)

    def authorization(self, client_id: str, **more: str) -> str:
        """The address of an authorization request."""
        query = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": self.client(client_id)["redirect_uris"][0],
            "scope": "openid offline_access",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **more,
        }
        return f"{self.issuer}/authorize?{urlencode(query)}"

    def logged_in(self, number: str, client_id: str = "hall-a") -> PlainBrowser:
        """A browser whose owner logged in and agreed; it stops where it is sent back to the hall."""
        back = self.client(client_id)["redirect_uris"][0]
        browser = PlainBrowser(stop=lambda url: url.startswith(back))
        browser.session.trust_env, browser.session.verify = False, self.facts["ca_file"]
        browser.get(self.authorization(client_id)).log_in(self, number).agree()  # type: ignore[arg-type]
        assert "code=" in browser.left_for, browser.text
        return browser

    def code(self, browser: PlainBrowser, client_id: str = "hall-a") -> str:
        """One more code, without a page."""
        browser.get(self.authorization(client_id))
        return parse_qs(urlsplit(browser.left_for).query)["code"][0]

    def exchange(self, http: requests.Session, code: str, client_id: str = "hall-a") -> requests.Response:
        """The code for tokens."""
        return self.post(
            http,
            "/token",
            client_id,
            grant_type="authorization_code",
            code=code,
            redirect_uri=self.client(client_id)["redirect_uris"][0],
            code_verifier=VERIFIER,
        )

    def active(self, http: requests.Session, token: str) -> bool:
        """What introspection says, whichever worker is asked."""
        found: bool = self.post(http, "/introspect", "hall-a", token=token).json()["active"]
        return found

    def workers(self) -> list[int]:
        """Process ids."""
        assert self.process is not None
        return self.server.workers(self.process)

    def manyou(self, *arguments: str) -> str:
        """A command beside the server."""
        done = self.server.beside(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def recovers(self, seconds: float) -> float:
        """Wait until ten requests in a row are answered; how long that took."""
        begun, good = time.monotonic(), 0
        with self.http() as http:
            while good < 10:
                answer = self.post(http, "/token", "records-service", grant_type="client_credentials")
                good = good + 1 if answer.status_code == 200 else 0
                if not good:
                    assert answer.status_code in {502, 503}, answer.text
                assert time.monotonic() - begun < seconds, answer.text
                time.sleep(0.02)
        return time.monotonic() - begun


def _database(into: Path, ending: ExitStack) -> Server:
    """A server with the shipped roles and grants; the sequencer's connection string goes into `into`."""
    server = Server(Path(tempfile.mkdtemp(prefix="manyou-postgres-")))  # never run as root, so not below ours
    ending.callback(server.remove)
    server.start_once()
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as superuser:
        superuser.execute((ROLES / "roles.sql").read_bytes())
        superuser.execute(f"CREATE DATABASE {DATABASE} OWNER manyou_migration TEMPLATE template0".encode())
    with psycopg.connect(server.dsn(DATABASE), autocommit=True) as superuser:
        superuser.execute("ALTER SCHEMA public OWNER TO manyou_migration")
    own = server.dsn(DATABASE).replace("user=manyou", "user=manyou_migration")
    durable = PostgresDurable(own)
    migrate(durable)
    durable.close()
    with psycopg.connect(own, autocommit=True) as owner:
        owner.execute((ROLES / "grants.sql").read_bytes())
    sequencer = into / "sequencer.dsn"
    sequencer.touch(0o600)
    sequencer.write_text(own.replace("manyou_migration", "manyou_sequencer"))
    return server


@contextmanager
def scaled(folder: Path, environ: Mapping[str, str] | None = None) -> Iterator[Scaled]:
    """Start everything in a folder, and end it."""
    with ExitStack() as ending:
        secrets = folder / "secrets"
        secrets.mkdir()
        database = _database(secrets, ending)
        redis = RedisCluster(folder)
        ending.callback(redis.stop)
        url = secrets / "redis.url"
        url.touch(0o600)
        url.write_text(redis.url)
        port, strict, inner, watch = free_ports(4)
        server = ScaledServer(
            folder / "var",
            inner,
            database.dsn(DATABASE).replace("user=manyou", "user=manyou_service"),
            {
                "MANYOU_SERVER__PORT": str(inner),
                "MANYOU_SERVER__TRUSTED_PROXIES": "127.0.0.1",
                "MANYOU_KEYS__PUBLISH_AHEAD": "5",
                "MANYOU_WATCH__PORT": str(watch),
                "MANYOU_STORE__SEQUENCER_DSN_FILE": str(secrets / "sequencer.dsn"),
                "MANYOU_STORE__EXPIRING": "redis-cluster",
                "MANYOU_STORE__EXPIRING_URL_FILE": str(url),
                **(environ or {}),
            },
        )
        server.prepare(port, tls=True)
        tls = server.folder / "tls"
        (folder / "nginx").mkdir()
        nginx = Nginx(folder / "nginx", port, strict, inner, (tls / "server.pem", tls / "server.key"))
        ending.callback(nginx.stop)
        found = Scaled(server, database, redis, port, strict)
        found.process = ending.enter_context(server.running())
        yield found
