"""To whose key a value is bound: a DPoP key (RFC 9449 § 6), a certificate (RFC 8705 § 3), or nobody's.

One small value wherever it travels: in the code, the family, the access token and the gate's bid. Two are the
same key exactly when they are equal.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING, Final, TypeAlias

from keys import base64url

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ANYBODY",
    "Sender",
    "by_proof",
    "confirmation",
    "confirmed",
    "of_certificate",
    "of_key",
    "short",
    "token_type",
]

Sender: TypeAlias = bytes
"""A byte that says of what kind, and 32 of SHA-256; empty: ``ANYBODY``."""

ANYBODY: Final[Sender] = b""
"""Bound to no key: whoever bears the token may send it."""
_KEY: Final = b"k"
_CERTIFICATE: Final = b"c"
_MEMBERS: Final = {_KEY: "jkt", _CERTIFICATE: "x5t#S256"}
"""Kind → its confirmation method (RFC 7800 § 3.1)."""


def of_key(thumbprint: bytes) -> Sender:
    """The holder of the private key whose JWK has this thumbprint (RFC 7638 with SHA-256, 32 bytes)."""
    return _KEY + thumbprint


def of_certificate(der: bytes) -> Sender:
    """The client at the other end of a TLS connection that this certificate authenticated."""
    return _CERTIFICATE + hashlib.sha256(der).digest()


def by_proof(sender: Sender) -> bool:
    """Whether each use takes a DPoP proof."""
    return sender[:1] == _KEY


def confirmation(sender: Sender) -> dict[str, str]:
    """The claim ``cnf``; empty for anybody."""
    if not sender:
        return {}
    return {_MEMBERS[sender[:1]]: base64url(sender[1:]).decode()}


def confirmed(cnf: Mapping[str, str]) -> Sender:
    """The sender that a ``cnf`` of our own names."""
    return next(
        (kind + urlsafe_b64decode(cnf[name] + "=") for kind, name in _MEMBERS.items() if name in cnf), b""
    )


def short(sender: Sender) -> bytes:
    """16 bytes for where room is dear; who could make two senders of the same ones would hold both keys."""
    return hashlib.sha256(sender).digest()[:16] if sender else ANYBODY


def token_type(sender: Sender) -> str:
    """``token_type`` and the scheme in Authorization: a certificate-bound token is borne (RFC 8705 § 3)."""
    return "DPoP" if by_proof(sender) else "Bearer"
