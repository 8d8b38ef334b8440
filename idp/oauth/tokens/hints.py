"""An ID token of ours shown again: names a person and a client, proves nothing else (OIDC Core § 3.1.2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keys.errors import SealBroken, TokenRefused

if TYPE_CHECKING:
    from idp.oauth.engine import Engine

__all__ = ["REFERENCE", "claims_in", "holder_in", "reference", "subject_in"]

REFERENCE: Final = "id-token-ref"
"""Kind of the seal, whose text is the claim ``ref``."""


def claims_in(engine: Engine, token: str) -> dict[str, Any] | None:
    """The claims of an ID token that we signed, expired or not; None for anything else."""
    try:
        claims = engine.keys.verify_jwt_of_any_age("id-token", token)
    except TokenRefused:
        return None
    return claims if claims.get("iss") == engine.issuer else None


def subject_in(engine: Engine, token: str, client_id: str) -> str | None:
    """``sub`` of an ID token that we issued to this client; None for anything else."""
    claims = claims_in(engine, token)
    if claims is None or claims.get("aud") != client_id:
        return None
    subject = claims.get("sub")
    return subject if isinstance(subject, str) else None


def reference(engine: Engine, client_id: str, holder: bytes) -> str:
    """What leads from an ID token back to its holder: ``sub`` is a digest, and cannot."""
    return engine.keys.seal(REFERENCE, holder, bound=client_id.encode())


def holder_in(engine: Engine, token: str, client_id: str) -> bytes | None:
    """The holder of an ID token that we issued to this client, expired or not; None for anything else."""
    claims = claims_in(engine, token)
    if claims is None or claims.get("aud") != client_id:
        return None
    try:
        return engine.keys.open(REFERENCE, str(claims.get("ref")), bound=client_id.encode())
    except SealBroken:
        return None
