"""All rooms' settings joined into one tree, and what no room can judge alone."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from eLicense.settings import LicenceSettings
from idp.factors.password import RESERVED
from idp.settings import IdpSettings
from keys.settings import KeySettings
from portal.settings import PortalSettings
from qr.settings import QrSettings
from service.capacity import LEFT_BY_LOGINS, THREADS
from service.dangers import certificate_faults, dangers, origin_faults
from service.loading import SettingsFault, build, read_tree
from store import StoreSettings
from web import HTTPS, LOCAL_DEMO, Transport
from web.limits import LimitSettings
from web.outbound import FetchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["DERIVED", "SETTINGS_FILE", "ServerSettings", "Settings", "file_faults", "load_settings"]

SETTINGS_FILE = "MANYOU_SETTINGS"
"""Environment variable with the path of ``manyou.toml``; the worker learns it from its parent."""

PROVIDER = "http://localhost:8000"
PORTAL = "http://127.0.0.1:8000"
DERIVED = {
    "idp.environment": "environment",
    "keys.environment": "environment",
    "keys.deployment": "deployment",
    "elicense.deployment": "deployment",
    "keys.issuer": "server.provider",
    "elicense.issuer": "server.provider",
    "elicense.verifier_url": "server.portal",
    "portal.origin": "server.portal",
}
"""What rooms are told and no operator can: it follows from the setting named, so that both never differ."""
NO_SECRET = {"block_list_file", "ca_file", "client_ca_file"}
JWKS_CACHED = 300
"""Seconds the provider lets its key set be cached."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where we listen, and under which origins we are known."""

    address: str = "127.0.0.1"
    """Listens here."""
    port: int = 8000
    """Listens here; a proxy in front may have another."""
    threads: int = THREADS
    """Requests under way at once in one worker."""
    workers: int = 1
    """Processes that serve; more than one need the engine ``postgres``."""
    drain_seconds: int = 0
    """Told to end, serve on for so long while ``/readyz`` says no: what a balancer takes to notice."""
    provider: str = PROVIDER
    """The provider's origin, which is the issuer."""
    portal: str = PORTAL
    """The portal's and verifier's origin, on another host: cookies do not tell ports apart."""
    trusted_proxies: frozenset[str] = frozenset()
    """Addresses whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are believed."""
    mtls: str = ""
    """Origin of the proxy's listener that asks clients for a certificate; empty: there is none."""
    certificate_header: str = ""
    """In which they hand on a client's certificate: ``$ssl_client_escaped_cert`` of nginx, or as in RFC 9440.
    They must set it on every request, empty where there is none, or anybody could write it."""

    def __post_init__(self) -> None:
        """Refuse what cannot be listened on or is no origin.

        Raises:
            ValueError: naming every setting that is wrong.
        """
        faults = origin_faults(self.provider, self.portal, self.trusted_proxies)
        faults += certificate_faults(self.mtls, self.certificate_header, self.trusted_proxies)
        if not 0 < self.port < 1 << 16:
            faults.append("port: 1 to 65535")
        if not 1 <= self.threads <= 1024:
            faults.append("threads: 1 to 1024")
        if not 1 <= self.workers <= 256:
            faults.append("workers: 1 to 256")
        if not 0 <= self.drain_seconds <= 600:
            faults.append("drain_seconds: 0 to 600")
        if faults:
            raise ValueError("; ".join(faults))


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """Where an operator's tools ask ``/livez``, ``/readyz`` and ``/metrics``; never the public."""

    address: str = "127.0.0.1"
    """Listens here."""
    port: int = 0
    """Listens here; 0 leaves the listener and all counting out."""

    def __post_init__(self) -> None:
        """Refuse what cannot be listened on.

        Raises:
            ValueError: naming what is wrong.
        """
        if not 0 <= self.port < 1 << 16:
            raise ValueError("port: 1 to 65535, or 0 for none")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be told to the service."""

    keys: KeySettings
    elicense: LicenceSettings
    environment: Literal["development", "production"] = "production"
    """What ``development`` allows, ``production`` refuses to start with."""
    deployment: str = "manyou"
    """Lasting name of this deployment; codes and sealed fields of one never pass in another."""
    transport: Literal["https", "LocalDemo"] = "https"
    """``LocalDemo``: plain HTTP with plain cookies, on loopback in ``development`` alone."""
    demo: Path | None = None
    """Where the demo's passwords lie open for testers; with it ``production`` does not start."""
    server: ServerSettings = field(default_factory=ServerSettings)
    fetch: FetchSettings = field(default_factory=FetchSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    watch: WatchSettings = field(default_factory=WatchSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    idp: IdpSettings = field(default_factory=IdpSettings)
    qr: QrSettings = field(default_factory=QrSettings)
    portal: PortalSettings = field(default_factory=PortalSettings)

    def __post_init__(self) -> None:
        """Refuse lifetimes of one room that another room's would outlive.

        Raises:
            ValueError: naming every setting that is wrong.
        """
        faults = []
        oauth = self.idp.oauth
        sealed = max(oauth.refresh_seconds, self.idp.sessions.known_browser_seconds)
        signed = max(
            oauth.access_seconds,
            oauth.client_access_seconds,
            oauth.id_token_seconds,
            self.elicense.status_life,
        )
        if self.keys.retire_seal_after < sealed:
            faults.append(f"keys.retire_seal_after: at least {sealed}, the longest life of a sealed value")
        if self.keys.retire_after < signed:
            faults.append(f"keys.retire_after: at least {signed}, the longest life of a signed token")
        if self.environment == "production" and self.keys.publish_ahead < JWKS_CACHED:
            faults.append(f"keys.publish_ahead: at least {JWKS_CACHED}, as long as halls cache the key set")
        hashing = self.idp.passwords
        held = hashing.threads + hashing.waiting + RESERVED
        if self.server.threads < held + LEFT_BY_LOGINS:
            faults.append(
                f"server.threads: at least {held + LEFT_BY_LOGINS}, for logins may hold {held} of them"
                " (idp.passwords.threads, waiting), and tokens are asked for meanwhile"
            )
        if self.server.workers > 1 and self.store.engine != "postgres":
            faults.append(
                "server.workers: the embedded database bears one; several need store.engine postgres"
            )
        if faults:
            raise ValueError("; ".join(faults))

    @property
    def profile(self) -> Transport:
        """The transport profile that the web room follows."""
        return LOCAL_DEMO if self.transport == "LocalDemo" else HTTPS


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read file and environment; what is told once at the top holds in every room.

    Raises:
        SettingsFault: unknown keys, wrong values, dangerous combinations: all of them.
    """
    faults: list[str] = []
    file = environ.get(SETTINGS_FILE)
    top = {each.name for each in dataclasses.fields(Settings)}
    tree = read_tree(Path(file) if file else None, environ, top, faults)
    faults += dangers(tree, environ)
    _derive(tree, faults)
    settings = build(Settings, tree, faults)
    if settings is None or faults:
        raise SettingsFault(faults)
    return settings


def file_faults(settings: Settings) -> list[str]:
    """Files that are named and cannot be read, or whose secret others can read too."""
    return [f"{where}: {fault}" for where, path in _files(settings, "") if (fault := _fault_of(where, path))]


def _derive(tree: dict[str, Any], faults: list[str]) -> None:
    server = tree.get("server")
    told = {
        "environment": tree.get("environment", "production"),
        "deployment": tree.get("deployment", "manyou"),
        "server.provider": server.get("provider", PROVIDER) if isinstance(server, dict) else PROVIDER,
        "server.portal": server.get("portal", PORTAL) if isinstance(server, dict) else PORTAL,
    }
    for key, source in DERIVED.items():
        room, _, name = key.partition(".")
        section = tree.setdefault(room, {})
        if not isinstance(section, dict):
            continue
        if name in section:
            faults.append(f"{key}: follows from {source} and is not set by itself")
        value = told[source]
        if name == "verifier_url":
            # upper case up to the digits: a QR code's alphanumeric segment holds it in 5.5 bits a character
            value = f"{str(value).upper()}/V/"
        section[name] = value


def _files(settings: Any, path: str) -> Iterator[tuple[str, Path]]:
    for each in dataclasses.fields(settings):
        value = getattr(settings, each.name)
        if dataclasses.is_dataclass(value):
            yield from _files(value, f"{path}{each.name}.")
        elif each.name.endswith("_file") and value is not None:
            yield f"{path}{each.name}", value


def _fault_of(where: str, path: Path) -> str | None:
    if not path.is_file() or not os.access(path, os.R_OK):
        return f"{path} cannot be read"
    if where.rpartition(".")[2] not in NO_SECRET and path.stat().st_mode & 0o077:
        return f"{path} holds a secret and is open to group or others; chmod 600 it"
    return None
