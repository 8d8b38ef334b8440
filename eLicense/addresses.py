"""Where the library's public lists are. Pure."""

from __future__ import annotations

from typing import Final

from eLicense.settings import LicenceSettings

__all__ = ["BASE", "status_uri", "trust_list_uri"]

BASE: Final = "/elicence/v1"
"""Path of the licence API on the provider's origin."""


def status_uri(settings: LicenceSettings, number: int) -> str:
    """Address of a status list, which is also its ``sub``."""
    return f"{settings.issuer}{BASE}/status/{number}"


def trust_list_uri(settings: LicenceSettings) -> str:
    """Address of the trust list."""
    return f"{settings.issuer}{BASE}/trust-list"
