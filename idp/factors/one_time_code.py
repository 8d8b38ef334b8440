"""Trying a typed one-time code: counted, looked at and used up in one work."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from idp.factors import attempts, records, totp
from idp.factors.attempts import Claim

if TYPE_CHECKING:
    from holders import Register
    from store import Durable, Tx

__all__ = ["LABEL", "OneTimeCodes", "typed_code"]

LABEL = "totp"
"""What the sealed secret is bound to under the holder's data key."""


def typed_code(text: str) -> str:
    """The digits that were meant: full-width ones and spaces between groups are accepted."""
    return "".join(each for each in unicodedata.normalize("NFKC", text[:32]) if not each.isspace())


@dataclass(frozen=True, slots=True)
class OneTimeCodes:
    """The account's second factor."""

    durable: Durable
    register: Register

    def step(self, holder_key: bytes, sealed: bytes, typed: str, now: int) -> int | None:
        """The time step whose code was typed; the secret is opened outside works."""
        secret = bytes.fromhex(self.register.fields(holder_key).open(LABEL, sealed))
        return totp.matching_step(secret, typed_code(typed), now)

    def use(self, tx: Tx, holder_key: bytes, place: bytes, step: int | None, now: int) -> tuple[bool, Claim]:
        """Count the try; True where it is granted, right, and its step was not used before."""
        claim = attempts.claim(tx, attempts.OTP, holder_key, place, now, known=True)
        if not claim.granted or step is None or not records.spend_step(tx, holder_key, step):
            return False, claim
        attempts.clear(tx, attempts.OTP, holder_key, place, now)
        return True, claim
