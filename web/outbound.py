"""Where we may fetch from (pure): the operator's networks, and how a URL must look.

A client names URLs, so a fetch is a request of the client's in our network (CWE-918). Only https; only the
listed networks; and a list as wide as the Internet opens no private address, which has to be listed by a
network that is private itself.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from web.errors import FetchForbidden

__all__ = ["FetchSettings", "Target", "may_reach", "target"]

Loopback = Literal["refused", "DevelopmentLoopback", "DevelopmentAnyCertificate"]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LONGEST_URL: Final = 2048
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
"""RFC 4291 § 2.5.5.1; in it ``::`` and ``::1`` are addresses of their own."""
_IN_A_SITE: Final = ipaddress.IPv6Network("fec0::/10")
"""Site-local (RFC 3879), which ``ipaddress`` counts as global."""
_SHARED: Final = ipaddress.IPv4Network("100.64.0.0/10")
_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """Outbound requests: key sets, sector lists, request objects, logout and ping notices."""

    networks: tuple[str, ...] = ("0.0.0.0/0", "::/0")
    """Networks that may be reached; a private one only where it is listed itself. Empty: none."""
    loopback: Loopback = "refused"
    """``DevelopmentLoopback``: this machine's own addresses too, also by http; ``DevelopmentAnyCertificate``:
    and whatever certificate they show. Both in ``development`` alone."""
    ca_file: Path | None = None
    """Authorities that servers' certificates are checked by (PEM); none: those of the system."""
    seconds: int = 5
    """From resolving the name to the last byte of the answer."""
    at_once: int = 16
    """Fetches under way in one worker; a further one is refused."""

    def __post_init__(self) -> None:
        """Refuse what is no network or no bound.

        Raises:
            ValueError: naming every setting that is wrong.
        """
        faults = []
        for each in self.networks:
            try:
                ipaddress.ip_network(each)
            except ValueError:
                faults.append(f"networks: {each} is no network")
        if not 1 <= self.seconds <= 30:
            faults.append("seconds: 1 to 30")
        if not 1 <= self.at_once <= 256:
            faults.append("at_once: 1 to 256")
        if faults:
            raise ValueError("; ".join(faults))


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart."""

    secure: bool
    host: str
    port: int
    authority: str
    """As the Host header has it."""
    path: str
    """With the query."""


def target(url: str) -> Target:
    """What a URL names; http is left for :func:`may_reach` to judge by the address.

    Raises:
        FetchForbidden: no absolute http(s) URL of visible ASCII, or with user information or a fragment.
    """
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or set(' "<>\\^`{|}') & set(url):
        raise FetchForbidden(detail="not visible ASCII of a URL's length")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise FetchForbidden(detail="no URL") from error
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc or "#" in url or port == 0:
        raise FetchForbidden(detail="scheme, host, port, user information or fragment")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme == "https", parts.hostname, port or _PORTS[parts.scheme], parts.netloc, path)


def may_reach(address: str, settings: FetchSettings, *, secure: bool) -> bool:
    """Whether a resolved address may be connected to; without TLS only loopback in development."""
    try:
        found = _innermost(ipaddress.ip_address(address))
    except ValueError:
        return False  # a scoped address of a link, for one
    if found.is_loopback:
        return settings.loopback != "refused"
    if not secure or found.is_multicast or found.is_unspecified or found.is_link_local:
        return False
    if found in _IN_A_SITE:
        return False
    listed = [ipaddress.ip_network(each) for each in settings.networks]
    holding = [network for network in listed if network.version == found.version and found in network]
    return any(found.is_global or _private(network) for network in holding)


def _private(network: Network) -> bool:
    """Wholly private, or of the carriers' shared space, which ``ipaddress`` counts as neither (RFC 6598)."""
    shared = isinstance(network, ipaddress.IPv4Network) and network.subnet_of(_SHARED)
    return network.is_private or shared


def _innermost(address: Address) -> Address:
    """The IPv4 address that an IPv6 one is only another way to (RFC 4291, 3056, 4380, 6052)."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
