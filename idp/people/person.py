"""What we know of a person and of an organisation (pure values), and which states may log in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = [
    "LEVEL_FOR_ORGANISATION",
    "OFFICES",
    "STATUS_OPEN",
    "OrganisationFacts",
    "OrganisationStatus",
    "PersonFacts",
    "PersonState",
]


class PersonState(StrEnum):
    """Whether a person may act. A death freezes the account; the records stay."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    DECEASED = "deceased"


class OrganisationStatus(StrEnum):
    """Registration state of an organisation."""

    ACTIVE = "active"
    """存续 (在业, 开业, 在营)"""
    SUSPENDED = "suspended"
    """歇业"""
    REVOKED = "revoked"
    """吊销未注销: liquidation matters only"""
    DEREGISTERED = "deregistered"
    """注销 (吊销并注销)"""
    MOVED_OUT = "moved_out"
    """迁出"""
    MERGED = "merged"
    """合并"""
    SPLIT = "split"
    """分立"""
    CONVERTED = "converted"
    """个转企: an individual business that became a company"""


STATUS_OPEN: Final = (OrganisationStatus.ACTIVE, OrganisationStatus.SUSPENDED, OrganisationStatus.REVOKED)
"""An organisation in one of these can be acted for; what a revoked one may still do, each matter decides."""

OFFICES: Final = {
    "legal_representative": "法定代表人",
    "person_in_charge": "负责人",
    "managing_partner": "执行事务合伙人",
    "operator": "经营者",
    "liquidator": "清算组负责人",
}
"""Registry roles by which a person acts for an organisation."""

LEVEL_FOR_ORGANISATION: Final = 3
"""Real-name level a person needs to act for an organisation."""


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """A person, opened. ``level`` is the real-name level 0–3 as of the moment asked about."""

    holder_key: bytes
    name: str
    number: str
    document_type: str
    """GB/T 36903 code, e.g. ``111`` resident identity card."""
    mobile: str | None
    level: int
    state: PersonState
    email: str | None = None
    address: str | None = None
    """In one text, as the registry writes it."""
    recorded_at: int = 0
    """When what the registry says of the person was last new; unix seconds."""


@dataclass(frozen=True, slots=True)
class OrganisationFacts:
    """An organisation, opened."""

    holder_key: bytes
    name: str
    uscc: str
    status: OrganisationStatus
