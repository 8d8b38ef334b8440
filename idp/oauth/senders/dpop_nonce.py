"""Nonces for DPoP proofs (RFC 9449 § 8, § 9): nothing is stored, every worker makes and knows the same ones.

A nonce is the minute in which it was handed out and a MAC of it. It says that the proof was made just now,
and not long ago for later; that a proof is used once is decided by its ``jti``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from keys import base64url

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Mode", "Nonces"]

Mode = Literal["off", "on", "required"]
STEP_SECONDS: Final = 60
STEPS: Final = 5
"""A nonce is good for four to five minutes."""
MAC_BYTES: Final = 16


class Nonces:
    """The nonces that are good now."""

    def __init__(self, mac: Callable[[bytes], bytes], mode: Mode) -> None:
        self._mac = mac
        self.mode = mode
        self._good: tuple[int, str, frozenset[str]] = (-1, "", frozenset())

    def newest(self, now: int) -> str:
        """The one to hand out."""
        return self._at(now)[1]

    def good(self, text: str, now: int) -> bool:
        """Whether we handed it out, and not long ago."""
        return text in self._at(now)[2]

    def _at(self, now: int) -> tuple[int, str, frozenset[str]]:
        step = now // STEP_SECONDS
        found = self._good
        if found[0] != step:
            # the next one too: another worker's clock may be seconds ahead
            known = {self._of(each) for each in range(step - STEPS + 1, step + 2)}
            found = self._good = (step, self._of(step), frozenset(known))
        return found

    def _of(self, step: int) -> str:
        minute = step.to_bytes(8)
        return base64url(minute[4:] + self._mac(minute)[:MAC_BYTES]).decode()
