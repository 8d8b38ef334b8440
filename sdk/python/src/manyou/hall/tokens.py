"""What a login gives the hall, and what it keeps while the person is away at the provider."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Login", "Pending", "Tokens"]

EARLY_SECONDS: Final = 30
"""A token that ends sooner is fetched anew before it is used: it must outlive the request."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A login under way. Keep it where only this browser's own requests find it, sealed or server-side."""

    state: str
    nonce: str
    verifier: str
    """PKCE code_verifier (RFC 7636)."""
    redirect_uri: str
    resource: str | None = None
    max_age: int | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """An answer of the token endpoint. Not to be shown to a browser unsealed."""

    access_token: str
    ends: int
    """Unix seconds."""
    refresh_token: str | None = None
    id_token: str | None = None
    scope: str = ""
    resource: str | None = None
    """The resource server it was asked for (RFC 8707)."""
    authorization_details: tuple[Mapping[str, Any], ...] = ()

    def good(self, now: int) -> bool:
        """Tell whether it is worth sending."""
        return now < self.ends - EARLY_SECONDS


@dataclass(frozen=True, slots=True)
class Login:
    """Who logged in: claims of a checked ID token, and the tokens that came with it."""

    claims: Mapping[str, Any] = field(repr=False)
    tokens: Tokens = field(repr=False)

    @property
    def sub(self) -> str:
        """The person or organisation as this hall alone knows them."""
        return str(self.claims["sub"])
