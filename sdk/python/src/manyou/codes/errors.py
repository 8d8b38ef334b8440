"""The verdicts on a code, and the refusals that stand for those a code alone can give.

    BadRequest
    └── CodeRefused           .verdict
        ├── Unreadable        unreadable
        ├── BadSignature      bad_signature
        ├── UnknownIssuer     unknown_issuer
        ├── CodeExpired       code_expired
        └── ClockDiffers      clock_differs

The other verdicts come from the licence's status and from spending, and are answers, not errors.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from manyou.errors import BadRequest

__all__ = [
    "BadSignature",
    "ClockDiffers",
    "CodeExpired",
    "CodeRefused",
    "UnknownIssuer",
    "Unreadable",
    "Verdict",
]


class Verdict(StrEnum):
    """What a check of a code found: stable reason codes, told apart since people act on them differently."""

    VALID = "valid"
    CODE_EXPIRED = "code_expired"
    CLOCK_DIFFERS = "clock_differs"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    TRANSFERRED_OUT = "transferred_out"
    LICENCE_EXPIRED = "licence_expired"
    SUPERSEDED = "superseded"
    NO_LONGER_VALID = "no_longer_valid"
    """Offline only: two bits tell that the licence ended, not how."""
    ALREADY_USED = "already_used"
    UNKNOWN_ISSUER = "unknown_issuer"
    BAD_SIGNATURE = "bad_signature"
    UNREADABLE = "unreadable"
    STATUS_UNKNOWN = "status_unknown"
    """The list is too old, unreachable or does not reach so far; never shown as valid."""


class CodeRefused(BadRequest):
    """A code that is refused before its licence is looked at."""

    code = Verdict.UNREADABLE.value
    verdict: ClassVar[Verdict] = Verdict.UNREADABLE


class Unreadable(CodeRefused):
    """Not a code, or not in the one canonical form; ``detail`` says where."""

    mend = "Scan the code again; send its digits complete and unchanged."


class BadSignature(CodeRefused):
    """The signature is not by the key that the code names, or not in the one accepted form."""

    code = Verdict.BAD_SIGNATURE.value
    verdict = Verdict.BAD_SIGNATURE
    mend = "Do not accept this code; it was not signed by the issuer that it names."


class UnknownIssuer(CodeRefused):
    """Key, issuer or licence type are not in the trust list, or not for this."""

    code = Verdict.UNKNOWN_ISSUER.value
    verdict = Verdict.UNKNOWN_ISSUER
    mend = "Fetch the trust list again; if the issuer is still unknown, do not accept the code."


class CodeExpired(CodeRefused):
    """At or past its end, for which there is no tolerance."""

    code = Verdict.CODE_EXPIRED.value
    verdict = Verdict.CODE_EXPIRED
    mend = "Ask the holder to show the code anew."


class ClockDiffers(CodeRefused):
    """Issued further ahead of the verifier's clock than is tolerated."""

    code = Verdict.CLOCK_DIFFERS.value
    verdict = Verdict.CLOCK_DIFFERS
    mend = "Set the verifier's clock."
