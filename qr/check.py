"""Is a scanned text a code of ours, signed and fresh?  Nothing here knows a licence's status.

Verdicts come as ``manyou.codes.CodeRefused`` with a reason code: unreadable, unknown issuer, bad
signature, then code expired or clock differs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from manyou.codes import UnknownIssuer, VerifiedCode, check_fresh, parse, verify
from manyou.trust import TrustedKey

__all__ = ["Checker", "CodeKey"]


class CodeKey(Protocol):
    """A key of the ring *code*, as ``keys.verifying("code")`` lists it."""

    @property
    def kid(self) -> str:
        """4 hexadecimal digits."""

    @property
    def jwk(self) -> dict[str, str]:
        """kty, crv, x, y."""

    @property
    def not_before(self) -> int:
        """Unix seconds."""

    @property
    def not_after(self) -> int | None:
        """Unix seconds; None while it has no successor."""


class Checker:
    """Checks codes of one deployment against the ring as it is at that moment."""

    __slots__ = ("_deployment", "_read", "_verifying")

    def __init__(self, verifying: Callable[[], Sequence[CodeKey]], deployment: str) -> None:
        """Keep where the ring's keys are read; keys that have been read in are kept beside their kid."""
        self._verifying = verifying
        self._deployment = deployment
        self._read: dict[str, TrustedKey] = {}

    def check(self, text: str, now: int) -> VerifiedCode:
        """The code, signed by a key of the ring and of now.

        Args:
            text: as scanned, URL or digits.

        Raises:
            Unreadable, UnknownIssuer, BadSignature, CodeExpired, ClockDiffers: all ``CodeRefused``.
        """
        code = self.signed(text)
        check_fresh(code.payload, now)
        return code

    def signed(self, text: str) -> VerifiedCode:
        """The code, signed by a key of the ring, whatever its age: what an expired one is traced by.

        Raises:
            Unreadable, UnknownIssuer, BadSignature: all ``CodeRefused``.
        """
        code = parse(text)
        key = self._key(code.kid)
        if not key.good_at(code.payload.issued_at):
            raise UnknownIssuer(detail="the key was not valid when the code was issued")
        return verify(code, key.public_key, self._deployment)

    def _key(self, kid: bytes) -> TrustedKey:
        name = kid.hex()
        for listed in self._verifying():
            if listed.kid == name:
                known = self._read.get(name)
                if known is not None and known.not_after == listed.not_after and known.jwk == listed.jwk:
                    return known
                key = TrustedKey(name, "code", listed.jwk, listed.not_before, listed.not_after)
                self._read[name] = key
                return key
        raise UnknownIssuer(detail="no key for codes has this kid")
