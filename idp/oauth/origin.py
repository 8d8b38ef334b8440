"""The origin of a URI (RFC 6454): what a browser tells pages of each other by (pure)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

__all__ = ["origin_of"]

DEFAULT_PORTS: Final = {"https": 443, "http": 80}


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
