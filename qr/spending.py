"""What is spent when a code is redeemed: its marker, decided by the durable store in the redeeming work."""

from __future__ import annotations

from typing import Final

from manyou.codes import VerifiedCode
from store import Marker

__all__ = ["CODE_A", "marker"]

CODE_A: Final = "code-a"


def marker(code: VerifiedCode, *, owner: bytes, by: bytes, at: int, ref: bytes = b"") -> Marker:
    """The marker of a code.

    Its value is the replay key, so any form in which the code came is the same one; its end is the
    code's own, read from what was signed.

    Args:
        owner: holder_key of the first holder, 16 bytes.
        by: who redeems; the same verifier gets the same answer again.
        at: unix seconds.
        ref: what the first redemption gave, such as the id of its event.
    """
    return Marker(
        owner=owner,
        kind=CODE_A,
        value=code.replay_key,
        ends=code.payload.ends,
        by=by,
        at=at,
        ref=ref,
    )
