"""From a licence's facts to the digits of code A, and to the URL that any phone camera opens.

Pure but for the signer: time and nonce are given.  Who may have the code was decided before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Protocol

from manyou.codes import CODE_SECONDS_MAX, CodeA, encode
from manyou.identifiers import Uscc, mask_name

__all__ = [
    "NONCE_BYTES",
    "CodeSigner",
    "LicenceFacts",
    "Minted",
    "Minter",
    "organisation_shown",
    "person_shown",
]

NONCE_BYTES: Final = 4

# Upper case, so that the URL is an alphanumeric segment; plain HTTP only where nothing leaves the machine.
_VERIFIER_URL: Final = re.compile(
    r"(?:HTTPS://[0-9A-Z.-]+|HTTP://(?:127\.0\.0\.1|LOCALHOST))(?::[0-9]{1,5})?/V/"
)


class CodeSigner(Protocol):
    """The active key of the ring *code*, as ``keys.signer("code")`` gives it."""

    @property
    def kid(self) -> str:
        """4 hexadecimal digits for the 2 bytes on the wire."""

    def sign(self, data: bytes, /) -> bytes:
        """ES256 over a Sig_structure: raw r ‖ s, 64 bytes."""


@dataclass(frozen=True, slots=True)
class LicenceFacts:
    """What a code says of a licence; numbers are those of the trust list."""

    issuer: int
    type: int
    licence: bytes
    """The licence's internal id, 12 bytes."""
    holder: str | bytes
    """From :func:`person_shown` or :func:`organisation_shown`."""
    list: int
    index: int


@dataclass(frozen=True, slots=True)
class Minted:
    """A code, ready to be drawn or sent."""

    digits: str
    url: str
    """What the picture holds; ``url_prefix`` and ``digits``."""
    url_prefix: str
    issued_at: int
    ends: int
    """Unix seconds from which on it is expired."""


class Minter:
    """Mints codes for one deployment and one verifier page."""

    __slots__ = ("_deployment", "_seconds", "_url_prefix")

    def __init__(self, deployment: str, verifier_url: str, seconds: int) -> None:
        """Keep what all codes share.

        Args:
            deployment: lasting id of this installation; codes of another never pass here.
            verifier_url: ``HTTPS://HOST/V/`` in upper case; ``HTTP://`` for this machine's own address only.
            seconds: a code's life.

        Raises:
            ValueError: the URL is of another form, or the life is not 1 to 600 seconds.
        """
        if not _VERIFIER_URL.fullmatch(verifier_url):
            raise ValueError("verifier_url: HTTPS://HOST/V/ in upper case (HTTP:// on loopback only)")
        if not 0 < seconds <= CODE_SECONDS_MAX:
            raise ValueError(f"seconds: 1 to {CODE_SECONDS_MAX}")
        self._deployment = deployment
        self._url_prefix = verifier_url
        self._seconds = seconds

    def mint(self, facts: LicenceFacts, signer: CodeSigner, now: int, nonce: bytes) -> Minted:
        """A new code; one signature.

        Args:
            now: unix seconds, the time of issue.
            nonce: 4 fresh random bytes.

        Raises:
            ValueError: a fact is out of its range.
        """
        payload = CodeA(
            facts.issuer,
            facts.type,
            facts.licence,
            facts.holder,
            now,
            self._seconds,
            facts.list,
            facts.index,
            nonce,
        )
        digits = encode(payload, bytes.fromhex(signer.kid), signer.sign, self._deployment)
        return Minted(digits, self._url_prefix + digits, self._url_prefix, now, now + self._seconds)


def person_shown(name: str) -> str:
    """A person's name as a code carries it: masked, at most 12 bytes of UTF-8."""
    return mask_name(name)


def organisation_shown(uscc: str) -> bytes:
    """An organisation's USCC as a code carries it: base 31 in 12 bytes.

    Raises:
        InvalidUscc: not a unified social credit code.
    """
    return Uscc.parse(uscc).pack()
