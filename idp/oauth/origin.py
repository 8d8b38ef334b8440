"""The origin of a URI (RFC 6454): what a browser tells pages of each other by (pure)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

__all__ = ["origin_of", "policy_origin"]

DEFAULT_PORTS: Final = {"https": 443, "http": 80}
_IN_POLICY: Final = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?")


@lru_cache(maxsize=1024)
def origin_of(uri: str) -> str | None:
    """The origin as a browser writes it (RFC 6454 § 6.2); None where no page stands at such a URI."""
    parts = urlsplit(uri)
    host = parts.hostname
    if parts.scheme not in DEFAULT_PORTS or not host:
        return None
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in {None, DEFAULT_PORTS[parts.scheme]} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def policy_origin(uri: str) -> str | None:
    """The origin as a Content-Security-Policy can name it.

    None where it cannot: IPv6 has no host-source, and other characters could begin another directive.
    """
    origin = origin_of(uri)
    return origin if origin is not None and _IN_POLICY.fullmatch(origin) else None
