"""The licence code: how it is written, read and checked.  Pure; the signing function and the time are given.

The text is the bytes ``0x01 ‖ COSE_Sign1`` as one decimal number.  Three steps, each taking what the
one before gave: :func:`parse` (well formed and canonical), :func:`verify` (signed by this key),
:func:`freshness` (now). Which key that is, and whether the licence is in force, is for the caller:
``manyou.offline`` or the server.
"""

from __future__ import annotations

from manyou.codes.check import AHEAD_SECONDS, VerifiedCode, check_fresh, freshness, verify
from manyou.codes.errors import (
    BadSignature,
    ClockDiffers,
    CodeExpired,
    CodeRefused,
    UnknownIssuer,
    Unreadable,
    Verdict,
)
from manyou.codes.wire import (
    CODE_SECONDS_MAX,
    LEAST_DIGITS,
    MOST_CHARACTERS,
    CodeA,
    Sign,
    SignedCode,
    digits_of,
    encode,
    parse,
    sig_structure,
)

__all__ = [
    "AHEAD_SECONDS",
    "CODE_SECONDS_MAX",
    "LEAST_DIGITS",
    "MOST_CHARACTERS",
    "BadSignature",
    "ClockDiffers",
    "CodeA",
    "CodeExpired",
    "CodeRefused",
    "Sign",
    "SignedCode",
    "UnknownIssuer",
    "Unreadable",
    "Verdict",
    "VerifiedCode",
    "check_fresh",
    "digits_of",
    "encode",
    "freshness",
    "parse",
    "sig_structure",
    "verify",
]
