"""Dangerous combinations of settings (pure): the service refuses to start and says which.

They are judged on the tree as it was written, before any room has seen it, so that they are told together
with whatever else is wrong.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["certificate_faults", "dangers", "origin_faults"]

_ORIGIN = re.compile(r"(https?)://(?:[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::[1-9][0-9]{0,4})?")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_DEFAULT_PORT = {"http": 80, "https": 443}
_BACK_DOOR = "AUTHLIB_INSECURE_TRANSPORT"


def dangers(tree: Mapping[str, Any], environ: Mapping[str, str]) -> list[str]:
    """What must not be, by environment and transport; unreadable values are told elsewhere."""
    server = tree.get("server")
    told = server if isinstance(server, dict) else {}
    production = tree.get("environment", "production") != "development"
    plain = tree.get("transport", "https") == "LocalDemo"
    found = []
    fetch = tree.get("fetch")
    if production:
        if isinstance(fetch, dict) and fetch.get("loopback", "refused") != "refused":
            found.append("fetch.loopback: this machine's own services lie open; for development alone")
        if plain:
            found.append("transport: LocalDemo is for environment development alone")
        if tree.get("demo"):
            found.append("demo: its passwords lie open; for environment development alone")
        if _BACK_DOOR in environ:
            found.append(f"{_BACK_DOOR}: a back door to plain HTTP; unset it")
        found.append("environment: production needs a gateway for text messages, and there is none yet")
    if plain and not _loopback(str(told.get("address", "127.0.0.1"))):
        found.append("server.address: LocalDemo serves loopback addresses alone")
    for name in ("provider", "portal"):
        found += _origin_dangers(f"server.{name}", told.get(name), plain=plain)
    store = tree.get("store")
    return found + (_store_dangers(store) if isinstance(store, dict) else [])


def _store_dangers(store: Mapping[str, Any]) -> list[str]:
    found = []
    if store.get("engine") == "postgres" and not store.get("dsn_file"):
        found.append("store.dsn_file: missing, for the engine postgres")
    expiring = store.get("expiring", "durable")
    if expiring != "durable" and not store.get("expiring_url_file"):
        found.append(f"store.expiring_url_file: missing, for the expiring store {expiring}")
    return found


def _origin_dangers(where: str, origin: Any, *, plain: bool) -> list[str]:
    if origin is None:
        return [] if plain else [f"{where}: missing"]
    if not isinstance(origin, str) or not _ORIGIN.fullmatch(origin):
        return []  # told by the server's settings
    parts = urlsplit(origin)
    if plain and not _loopback(parts.hostname or ""):
        return [f"{where}: LocalDemo is known on loopback alone"]
    wanted = "http" if plain else "https"
    return [] if parts.scheme == wanted else [f"{where}: begins with {wanted}:// for this transport"]


def origin_faults(provider: str, portal: str, proxies: Collection[str]) -> list[str]:
    """Origins as browsers and the Host header write them, on hosts of their own; proxies as addresses."""
    found = []
    for name, origin in (("provider", provider), ("portal", portal)):
        match = _ORIGIN.fullmatch(origin)
        if match is None:
            found.append(f"{name}: an origin in lower case is meant, e.g. https://id.example.gov.cn")
        elif urlsplit(origin).port == _DEFAULT_PORT[match[1]]:
            found.append(f"{name}: without the scheme's own port, as browsers send it")
    if not found and urlsplit(provider).hostname == urlsplit(portal).hostname:
        found.append("portal: needs a host of its own; the provider's cookies would reach it")
    for proxy in sorted(proxies):
        try:
            ipaddress.ip_address(proxy)
        except ValueError:
            found.append(f"trusted_proxies: {proxy} is no address")
    return found


def certificate_faults(mtls: str, header: str, proxies: Collection[str]) -> list[str]:
    """A listener for certificates is a proxy's, and its header is believed of nobody else."""
    found = []
    if mtls and not mtls.startswith("https://"):
        found.append("mtls: an origin that begins with https://; certificates are shown under TLS alone")
    elif mtls and not _ORIGIN.fullmatch(mtls):
        found.append("mtls: an origin in lower case is meant, e.g. https://mtls.id.example.gov.cn")
    elif bool(mtls) != bool(header):
        found.append("certificate_header: comes with mtls, and mtls with it")
    if header and not _HEADER.fullmatch(header):
        found.append("certificate_header: a header's name, such as X-Client-Cert")
    if header and not proxies:
        found.append("certificate_header: believed of trusted_proxies alone, and there are none")
    return found


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
