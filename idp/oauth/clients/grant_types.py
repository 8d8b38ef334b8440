"""The names that grants have on the wire, where they are more than one word."""

from __future__ import annotations

from typing import Final

__all__ = ["CIBA", "DEVICE_CODE", "TOKEN_EXCHANGE"]

DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"
"""RFC 8628 § 3.4."""
CIBA: Final = "urn:openid:params:grant-type:ciba"
"""CIBA § 10.1."""
TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
"""RFC 8693 § 2.1."""
