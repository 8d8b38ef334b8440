"""The demo's folder: settings, master key, database, and ``demo.json`` for testers.

``demo.json`` is written last and at once. A folder without it was begun and not finished: nothing in it was
handed to anybody, so it is cleared and begun anew. One process at a time does so, under a lock that falls
with it.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import Process
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.demo.certificates import make_certificates
from service.demo.nginx import nginx
from service.serve import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from service.settings import Settings

__all__ = ["Demo", "lay_out", "prepare", "ready"]

OURS = (
    "manyou.toml",
    "master.key",
    "portal.secret",
    *(f"durable.sqlite{end}" for end in ("", "-wal", "-shm")),
)
"""Files of an unfinished beginning."""


@dataclass(frozen=True, slots=True)
class Demo:
    """Where a demo stands; ``port`` and the halls' ports can be moved, so that several run at once."""

    folder: Path
    port: int = 8000
    hall_ports: tuple[int, int] = (8001, 8002)
    tls: bool = False
    """Over https, by a development authority of the folder's own."""

    @property
    def settings_file(self) -> Path:
        """``manyou.toml``."""
        return self.folder / "manyou.toml"

    @property
    def facts_file(self) -> Path:
        """``demo.json``."""
        return self.folder / "demo.json"

    @property
    def halls(self) -> tuple[str, str]:
        """Origins of the two halls."""
        first, second = self.hall_ports
        return f"{self.scheme}://127.0.0.1:{first}", f"{self.scheme}://127.0.0.1:{second}"

    @property
    def scheme(self) -> str:
        """``http`` or ``https``."""
        return "https" if self.tls else "http"

    @property
    def provider(self) -> str:
        """Origin of the provider."""
        return f"{self.scheme}://localhost:{self.port}"

    @property
    def certificate(self) -> tuple[Path, Path] | None:
        """The server's certificate with its authority's, and its key."""
        return (self.folder / "tls" / "server.pem", self.folder / "tls" / "server.key") if self.tls else None

    @property
    def mtls_port(self) -> int:
        """Of the listener that asks clients for certificates: 8443 for 8000."""
        return self.port + 443

    @property
    def mtls(self) -> str | None:
        """Origin of that listener, where there can be one."""
        return f"https://localhost:{self.mtls_port}" if self.tls and nginx() else None

    @property
    def ca_file(self) -> Path | None:
        """Whom clients are told to trust."""
        return (self.folder / "tls" / "ca.pem").resolve() if self.tls else None

    def facts(self) -> dict[str, Any]:
        """What ``demo.json`` holds."""
        found: dict[str, Any] = json.loads(self.facts_file.read_text("utf-8"))
        return found

    def otherwise_begun(self, *, with_halls: bool) -> str | None:
        """Why this folder cannot be served so: provider and halls are registered under their origins."""
        facts = self.facts()
        begun, asked = [facts["issuer"]], [self.provider]
        if with_halls:
            begun, asked = begun + facts["halls"], asked + list(self.halls)
        if begun == asked:
            return None
        return f"{self.folder} was begun for {', '.join(begun)}: take these ports or another --folder"


def ready(demo: Demo) -> bool:
    """Make the folder ready in a process of its own: what seeding loads need not stay in the server's."""
    if demo.facts_file.exists():
        return True
    seeding = Process(target=_prepare_as_child, args=(demo, os.getpid()))
    seeding.start()
    seeding.join()
    return seeding.exitcode == 0


def _prepare_as_child(demo: Demo, parent: int) -> None:
    die_with_parent(parent)
    prepare(demo)


def prepare(demo: Demo) -> None:
    """Make the folder ready to be served; what is finished stays as it is, what was begun is begun anew."""
    demo.folder.mkdir(parents=True, exist_ok=True)
    with _alone(demo):
        if not demo.facts_file.exists():
            _begin(demo)


@contextmanager
def _alone(demo: Demo) -> Iterator[None]:
    """Wait for whoever is at it already."""
    with (demo.folder / "seeding.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _begin(demo: Demo) -> None:
    with (demo.folder / "server.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # a server that runs here keeps its files
    for name in OURS:
        (demo.folder / name).unlink(missing_ok=True)
    from service.demo.seed import seed
    from service.house import House

    settings = lay_out(demo, os.environ)
    house = House.open(settings)
    try:
        facts = seed(house, settings, demo.halls, lambda: int(time.time()))
        facts["ca_file"] = str(demo.ca_file) if demo.ca_file else None
        facts["mtls"] = settings.server.mtls or None
    finally:
        house.close()
    unfinished = demo.facts_file.with_suffix(".part")
    with os.fdopen(
        os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        json.dump(facts, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(demo.facts_file)


def lay_out(demo: Demo, environ: Mapping[str, str]) -> Settings:
    """Write settings and master key into an empty folder; the portal's secret is to come."""
    # here and not above: the server's parent knows this module and must stay small
    from keys import create_master_key
    from service.settings import SETTINGS_FILE, load_settings

    if demo.tls:
        make_certificates(demo.folder / "tls")
    demo.settings_file.write_text(_settings(demo), "utf-8")
    settings = load_settings({**environ, SETTINGS_FILE: str(demo.settings_file)})
    create_master_key(settings.keys.master_key_file, environment=settings.environment)
    settings.portal.client_secret_file.touch(0o600)  # type: ignore[union-attr]  # written by _settings
    return settings


def _by_certificate(demo: Demo) -> str:
    """Whom the service believes about certificates: whoever knows the name of the header."""
    if demo.mtls is None:
        return ""
    return f"""\
mtls = "{demo.mtls}"
certificate_header = "X-Client-Cert-{os.urandom(16).hex()}"
trusted_proxies = ["127.0.0.1"]
"""


def _settings(demo: Demo) -> str:
    here = demo.folder.resolve()
    return f"""\
# The demo's settings: development on loopback. docs/reference/settings.md lists every key.
environment = "development"
deployment = "demo"
transport = "{"https" if demo.tls else "LocalDemo"}"
demo = {json.dumps(str(here / "demo.json"))}

[server]
port = {demo.port}
provider = "{demo.provider}"
portal = "{demo.scheme}://127.0.0.1:{demo.port}"

{_by_certificate(demo)}
# signed requests at addresses that a client registered: off elsewhere
[idp.oauth]
request_uri_fetched = true

[fetch]
loopback = "{"DevelopmentAnyCertificate" if demo.tls else "DevelopmentLoopback"}"

[store]
path = {json.dumps(str(here))}

[keys]
master_key_file = {json.dumps(str(here / "master.key"))}

[portal]
client_secret_file = {json.dumps(str(here / "portal.secret"))}
"""
