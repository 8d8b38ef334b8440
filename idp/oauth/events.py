"""What this room's engine writes into the ledger: consents and families, made and ended.

A client-credentials token, a refresh and an introspection change nothing and are not events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from idp.events import Body
from ledger import Event

if TYPE_CHECKING:
    from idp.oauth.grantee import Grantee

__all__ = [
    "ClientChanged",
    "ConsentGiven",
    "ConsentWithdrawn",
    "FamilyEnded",
    "FamilyMade",
    "client_event",
    "event",
]


class ConsentGiven(Body, frozen=True):
    """A holder agreed, or a first-party client's standing agreement was recorded."""

    tag: ClassVar[str] = "idp.consent_given"
    scopes: list[str]
    details: list[str]
    """SHA-256 (hex, first 16 bytes) of each authorization detail, or set of claims, agreed to."""
    first_party: bool
    acting_for: str
    claims: tuple[str, ...] = ()
    """Names of the claims that were allowed one by one."""


class ConsentWithdrawn(Body, frozen=True):
    """A holder took the agreement back."""

    tag: ClassVar[str] = "idp.consent_withdrawn"
    acting_for: str


class FamilyMade(Body, frozen=True):
    """A client got a refresh token."""

    tag: ClassVar[str] = "idp.family_made"
    scopes: list[str]
    offline: bool
    acting_for: str


class FamilyEnded(Body, frozen=True):
    """No token of the family is good any more; ``why``: replay, revoked_by_client, consent_withdrawn."""

    tag: ClassVar[str] = "idp.family_ended"
    why: str
    acting_for: str


class ClientChanged(Body, frozen=True):
    """A client was ``registered``, ``changed``, ``disabled`` or ``enabled``, or its secret replaced."""

    tag: ClassVar[str] = "idp.client_changed"
    what: str


def client_event(event_id: bytes, what: str, client_id: str, *, at: int, actor: str) -> Event:
    """The envelope of what happened to a client; ``actor``: ``operator`` or ``client``."""
    body = ClientChanged(what)
    return Event(
        id=event_id,
        tag=body.tag,
        version=body.version,
        at=at,
        holder_key=None,
        actor=actor,
        client=client_id,
        subject=client_id.encode(),
        body=msgspec.json.encode(body),
    )


def event(event_id: bytes, body: Body, *, at: int, grantee: Grantee, subject: bytes = b"") -> Event:
    """The envelope: whom it is about, by which client, on which family."""
    return Event(
        id=event_id,
        tag=body.tag,
        version=body.version,
        at=at,
        holder_key=grantee.subject,
        actor="client",
        client=grantee.client,
        subject=subject,
        body=msgspec.json.encode(body),
    )
