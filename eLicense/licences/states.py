"""The life of a licence: states, operations, and the one table that joins them. Pure.

Two digits are the codes of the housing ministry's exchange. A state that no row leaves is final.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from manyou.codes import Verdict

__all__ = ["BY", "ENDED", "STATE_CODE", "TABLE", "VERDICT", "Operation", "State", "after", "bits", "state_at"]


class State(StrEnum):
    """Where a licence stands."""

    INTENDED = "intended"  # recorded, not yet signed: nobody can show or use it
    VALID = "valid"
    SUSPENDED = "suspended"  # 暂停
    WITHDRAWN = "withdrawn"  # 撤销: should never have been given
    CANCELLED = "cancelled"  # 注销: ended in good order
    EXPIRED = "expired"  # 过期
    TRANSFERRED_OUT = "transferred_out"  # 转出
    REVOKED = "revoked"  # 吊销: taken away as a penalty
    SUPERSEDED = "superseded"  # a successor names it


class Operation(StrEnum):
    """What changes a state."""

    ISSUE = "issue"
    SUSPEND = "suspend"
    RESUME = "resume"
    WITHDRAW = "withdraw"
    CANCEL = "cancel"
    REVOKE = "revoke"
    EXPIRE = "expire"
    SUPERSEDE = "supersede"
    TRANSFER_OUT = "transfer_out"
    UNDO_TRANSFER = "undo_transfer"


TABLE: Final[dict[tuple[State, Operation], State]] = {
    (State.INTENDED, Operation.ISSUE): State.VALID,
    (State.VALID, Operation.SUSPEND): State.SUSPENDED,
    (State.VALID, Operation.WITHDRAW): State.WITHDRAWN,
    (State.VALID, Operation.CANCEL): State.CANCELLED,
    (State.VALID, Operation.REVOKE): State.REVOKED,
    (State.VALID, Operation.EXPIRE): State.EXPIRED,
    (State.VALID, Operation.SUPERSEDE): State.SUPERSEDED,
    (State.VALID, Operation.TRANSFER_OUT): State.TRANSFERRED_OUT,
    (State.SUSPENDED, Operation.RESUME): State.VALID,
    (State.SUSPENDED, Operation.WITHDRAW): State.WITHDRAWN,
    (State.SUSPENDED, Operation.CANCEL): State.CANCELLED,
    (State.SUSPENDED, Operation.REVOKE): State.REVOKED,
    (State.SUSPENDED, Operation.EXPIRE): State.EXPIRED,
    (State.EXPIRED, Operation.WITHDRAW): State.WITHDRAWN,
    (State.EXPIRED, Operation.CANCEL): State.CANCELLED,
    (State.EXPIRED, Operation.SUPERSEDE): State.SUPERSEDED,
    (State.TRANSFERRED_OUT, Operation.UNDO_TRANSFER): State.VALID,
    # 吊销 is followed by 注销 when the matter is wound up
    (State.REVOKED, Operation.CANCEL): State.CANCELLED,
}
"""State and operation → next state; what is not listed is refused."""

BY: Final[dict[Operation, frozenset[str]]] = {
    Operation.SUSPEND: frozenset({"issuer", "superior"}),
    Operation.RESUME: frozenset({"issuer", "superior"}),
    Operation.WITHDRAW: frozenset({"issuer", "superior"}),
    Operation.CANCEL: frozenset({"issuer"}),
    Operation.REVOKE: frozenset({"issuer", "superior"}),
}
"""Who may order an operation; a successor stands for the issuer. Other operations are the library's own."""

STATE_CODE: Final[dict[State, str]] = {
    State.VALID: "01",
    State.SUSPENDED: "02",
    State.WITHDRAWN: "03",
    State.CANCELLED: "04",
    State.EXPIRED: "05",
    State.TRANSFERRED_OUT: "06",
    State.REVOKED: "07",
}
"""Codes of the exchange; what is not listed is 99."""

VERDICT: Final[dict[State, Verdict]] = {
    State.INTENDED: Verdict.STATUS_UNKNOWN,
    State.VALID: Verdict.VALID,
    State.SUSPENDED: Verdict.SUSPENDED,
    State.WITHDRAWN: Verdict.WITHDRAWN,
    State.CANCELLED: Verdict.CANCELLED,
    State.EXPIRED: Verdict.LICENCE_EXPIRED,
    State.TRANSFERRED_OUT: Verdict.TRANSFERRED_OUT,
    State.REVOKED: Verdict.REVOKED,
    State.SUPERSEDED: Verdict.SUPERSEDED,
}

ENDED: Final = frozenset(State) - {State.INTENDED, State.VALID, State.SUSPENDED}

_BITS_VALID, _BITS_INVALID, _BITS_SUSPENDED = 0, 1, 2
"""Token Status List, types of status: 0x00, 0x01, 0x02."""


def after(state: State, operation: Operation) -> State | None:
    """The next state, or None where the table has no such row."""
    return TABLE.get((state, operation))


def state_at(recorded: State, valid_ends: int, now: int) -> State:
    """The state that counts now: validity ends by itself, before any job has recorded it."""
    if valid_ends and now >= valid_ends and recorded in {State.VALID, State.SUSPENDED}:
        return State.EXPIRED
    return recorded


def bits(state: State) -> int:
    """The licence's two bits in its status list."""
    if state is State.SUSPENDED:
        return _BITS_SUSPENDED
    return _BITS_INVALID if state in ENDED else _BITS_VALID
