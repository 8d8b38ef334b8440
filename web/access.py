"""What the rooms that are siblings tell each other about an access token, without importing one another.

``idp`` implements ``AccessTokens``, ``eLicense`` implements ``DetailType``, ``service`` wires them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from web.call import Call

__all__ = ["AccessTokens", "DetailType", "Sentence", "VerifiedAccess"]


@dataclass(frozen=True, slots=True)
class VerifiedAccess:
    """An access token that was checked: signature or seal, end, revocation, sender proof, audience.

    Built only by an ``AccessTokens`` implementation. ``holder_key`` and all that describes a person are
    None for a token that a client got for itself (client credentials).
    """

    client: str
    """client_id of the caller, or of the hall that it calls for: see ``actors``."""
    client_name: str
    """The client's registered name, for traces that people read."""
    audience: str
    scopes: frozenset[str]
    ends: int
    """Unix seconds."""
    holder_key: bytes | None = None
    """16 bytes: the person who logged in."""
    acting_for: bytes | None = None
    """16 bytes: the organisation for which the person acts."""
    office: str | None = None
    """By which office, e.g. ``legal_representative``."""
    level: int = 0
    """Real-name level 0–3 of the person."""
    present_level: int = 0
    """What the real-name level has become since: where it is higher, a new login shows it."""
    strength: int = 0
    """Login strength 1–3 of the session; 0 without a person."""
    auth_time: int = 0
    authorization_details: tuple[Mapping[str, Any], ...] = ()
    confirmation: Mapping[str, str] = field(default_factory=dict)
    """``cnf`` (RFC 7800): the key that the token is bound to, checked already; empty for nobody's."""
    session: bytes | None = None
    family: bytes | None = None
    agency_uscc: str | None = None
    """The authority whose client this is, or None."""
    claims: bytes = b""
    """Names the claims that were asked for one by one and allowed; empty for none."""
    verifier: str = "none"
    """``none``, ``registered`` (spends codes by name) or ``public`` (counts as anonymous)."""
    actors: tuple[str, ...] = ()
    """client_ids that call for ``client``'s user by token exchange, the caller itself first (RFC 8693 § 4.1).

    ``client`` stays the hall that the person agreed to: no exchange goes beyond what that one may."""

    @property
    def subject(self) -> bytes | None:
        """The holder whose file is meant: the organisation acted for, else the person."""
        return self.acting_for or self.holder_key


class AccessTokens(Protocol):
    """Checks the access token of a call."""

    def verify(self, call: Call, audience: str) -> VerifiedAccess:
        """Return what the bearer may do, or raise ``manyou.errors.Unauthenticated``.

        Reads ``Authorization``, Bearer or DPoP; proof and certificate are checked on every call.
        """
        ...


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence for the consent page in both languages."""

    zh: str
    en: str


class DetailType(Protocol):
    """What one ``authorization_details`` type means (RFC 9396)."""

    @property
    def name(self) -> str:
        """The value of the member ``type``."""
        ...

    def validate(self, detail: Mapping[str, Any], client: str) -> Mapping[str, Any]:
        """Return the detail in its canonical form, or raise ``manyou.errors.BadRequest`` or ``Forbidden``."""
        ...

    def narrow(self, asked: Mapping[str, Any], granted: Mapping[str, Any]) -> bool:
        """Tell whether ``asked`` goes nowhere beyond ``granted``."""
        ...

    def sentences(self, detail: Mapping[str, Any], client: str) -> Sequence[Sentence]:
        """What the person is asked to agree to; never the hall's own text alone."""
        ...
