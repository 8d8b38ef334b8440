"""Is the code signed by this key, and is it of now?  Nothing here knows a licence's status."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from manyou.codes.errors import BadSignature, ClockDiffers, CodeExpired, Verdict
from manyou.codes.wire import ORDER, CodeA, SignedCode, sig_structure

__all__ = ["AHEAD_SECONDS", "VerifiedCode", "check_fresh", "freshness", "verify"]

AHEAD_SECONDS: Final = 30
"""A code issued this far ahead of the verifier's clock is accepted.  An end has no tolerance."""

_HALF_ORDER: Final = ORDER // 2
_ES256: Final = ECDSA(SHA256())


@dataclass(frozen=True, slots=True)
class VerifiedCode:
    """A code that the key it names has signed.  Built by :func:`verify` alone."""

    payload: CodeA
    kid: bytes
    replay_key: bytes
    """SHA-256 of the Sig_structure, 32 bytes: what is spent, the same whatever form the code arrived in."""


def verify(code: SignedCode, key: EllipticCurvePublicKey, deployment: str) -> VerifiedCode:
    """The code, verified with ``key``; the caller has found the key by ``code.kid``, for the purpose *code*.

    Raises:
        BadSignature: not by this key over this content for this deployment, or s is in the upper half:
            (r, n−s) verifies too, and one code would have two forms.
    """
    r = int.from_bytes(code.signature[:32], "big")
    s = int.from_bytes(code.signature[32:], "big")
    if not (0 < r < ORDER and 0 < s <= _HALF_ORDER):
        raise BadSignature(detail="r or s out of range")
    signed = sig_structure(code.payload_bytes, code.kid, deployment)
    try:
        key.verify(encode_dss_signature(r, s), signed, _ES256)
    except InvalidSignature as error:
        raise BadSignature(detail="signature") from error
    return VerifiedCode(code.payload, code.kid, sha256(signed).digest())


def freshness(payload: CodeA, now: int) -> Verdict:
    """``valid``, ``code_expired`` (from issued_at + ttl on) or ``clock_differs`` (more than 30 s ahead)."""
    if payload.issued_at - now > AHEAD_SECONDS:
        return Verdict.CLOCK_DIFFERS
    if now >= payload.issued_at + payload.ttl:
        return Verdict.CODE_EXPIRED
    return Verdict.VALID


def check_fresh(payload: CodeA, now: int) -> None:
    """Refuse a code that is not of now.

    Raises:
        CodeExpired: at or past its end.
        ClockDiffers: issued more than 30 s ahead of ``now``.
    """
    verdict = freshness(payload, now)
    if verdict is Verdict.CODE_EXPIRED:
        raise CodeExpired(detail=f"{now - payload.issued_at} s old")
    if verdict is Verdict.CLOCK_DIFFERS:
        raise ClockDiffers(detail=f"{payload.issued_at - now} s ahead")
