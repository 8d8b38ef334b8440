"""All rooms' settings joined into one tree, and what no room can judge alone."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from eLicense.settings import LicenceSettings
from idp.settings import IdpSettings
from keys.settings import KeySettings
from portal.settings import PortalSettings
from qr.settings import QrSettings
from service.loading import load, read_tree
from store import StoreSettings
from web import HTTPS, LOCAL_DEMO, Transport

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SETTINGS_FILE", "ServerSettings", "Settings", "load_settings"]

SETTINGS_FILE = "MANYOU_SETTINGS"
"""Environment variable with the path of ``manyou.toml``; the worker learns it from its parent."""

PROVIDER = "http://localhost:8000"
PORTAL = "http://127.0.0.1:8000"


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where we listen, and under which origins we are known."""

    address: str = "127.0.0.1"
    """Listens here."""
    port: int = 8000
    """Listens here; a proxy in front may have another."""
    threads: int = 64
    """Requests under way at once in one worker."""
    provider: str = PROVIDER
    """The provider's origin, which is the issuer."""
    portal: str = PORTAL
    """The portal's and verifier's origin: never the provider's."""
    trusted_proxies: frozenset[str] = frozenset()
    """Addresses whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are believed."""

    def __post_init__(self) -> None:
        """Refuse origins that are none, or one for both."""
        for origin in (self.provider, self.portal):
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query:
                raise ValueError(f"{origin}: an origin is meant, e.g. https://id.example.gov.cn")
        if self.provider == self.portal:
            raise ValueError("provider and portal need origins of their own")


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
    """Where the demo's secrets are written for testers; only in ``development``."""
    server: ServerSettings = field(default_factory=ServerSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    idp: IdpSettings = field(default_factory=IdpSettings)
    qr: QrSettings = field(default_factory=QrSettings)
    portal: PortalSettings = field(default_factory=PortalSettings)

    def __post_init__(self) -> None:
        """Refuse a dangerous combination and say which."""
        if self.environment == "production":
            if self.transport != "https":
                raise ValueError("transport: LocalDemo is for environment development alone")
            if self.demo is not None:
                raise ValueError("demo: only in environment development")
        if self.transport == "LocalDemo" and not _loopback(self.server.address):
            raise ValueError("server.address: LocalDemo serves loopback addresses alone")
        wanted = "http" if self.transport == "LocalDemo" else "https"
        for origin in (self.server.provider, self.server.portal):
            if urlsplit(origin).scheme != wanted:
                raise ValueError(
                    f"server: {origin} must begin with {wanted}:// for transport {self.transport}"
                )

    @property
    def profile(self) -> Transport:
        """The transport profile that the web room follows."""
        return LOCAL_DEMO if self.transport == "LocalDemo" else HTTPS


def _loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read file and environment; what is told once at the top holds in every room."""
    file = environ.get(SETTINGS_FILE)
    return load(Settings, _derived(read_tree(Path(file) if file else None, environ)))


def _derived(tree: dict[str, Any]) -> dict[str, Any]:
    server = tree.get("server", {})
    provider = str(server.get("provider", PROVIDER))
    portal = str(server.get("portal", PORTAL))
    environment = tree.get("environment", "production")
    deployment = tree.get("deployment", "manyou")
    # upper case up to the digits: a QR code's alphanumeric segment holds it in 5.5 bits a character
    verifier = f"{portal.upper()}/V/"
    for room, values in {
        "idp": {"environment": environment},
        "keys": {"environment": environment, "deployment": deployment, "issuer": provider},
        "elicense": {"issuer": provider, "deployment": deployment, "verifier_url": verifier},
        "portal": {"origin": portal},
    }.items():
        section = tree.setdefault(room, {})
        if isinstance(section, dict):
            for name, value in values.items():
                section.setdefault(name, value)
    return tree
