"""A licence and its holders as the tables have them: frozen values in the order of the columns. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from eLicense.licences.states import State, state_at

__all__ = ["Change", "Holding", "Label", "Licence"]


@dataclass(frozen=True, slots=True)
class Licence:
    """One row of ``licence``; times in unix seconds, an end of 0 is none."""

    id: bytes
    identifier: str
    type: str
    agency: str
    region: str
    trust: str
    recorded_state: str
    revision: int
    status_list: int
    status_index: int
    valid_from: int
    valid_ends: int
    content_hash: bytes
    key_id: str
    effective_at: int
    recorded_at: int
    signed_at: int
    replaces: str

    def state(self, now: int) -> State:
        """The state that counts at ``now``."""
        return state_at(State(self.recorded_state), self.valid_ends, now)


@dataclass(frozen=True, slots=True)
class Holding:
    """One row of ``licence_holder``; ``label`` and ``content`` are sealed under the holder's data key."""

    licence_id: bytes
    position: int
    holder_key: bytes
    kind: str
    role: str
    share: str
    label: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class Label:
    """Who a holder is, as printed on the licence."""

    name: str
    document_type: str
    number: str


@dataclass(frozen=True, slots=True)
class Change:
    """One row of ``licence_change``."""

    licence_id: bytes
    revision: int
    operation: str
    from_state: str
    to_state: str
    effective_at: int
    recorded_at: int
    agency: str
    grounds: bytes | None
