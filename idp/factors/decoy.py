"""A person who is nobody: opened where there is no record, so that no record takes as long as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from idp.people.facts import opened
from idp.people.person import PersonState
from idp.people.records import PersonRow

if TYPE_CHECKING:
    from holders import NewHolder, Register
    from idp.people.person import PersonFacts

__all__ = ["Decoy"]


@dataclass(frozen=True, slots=True)
class Decoy:
    """Sealed like a real one, stored nowhere."""

    new: NewHolder
    row: PersonRow

    @classmethod
    def make(cls, register: Register) -> Decoy:
        """A decoy for this process."""
        new = register.newcomer(register.alias("999", "DECOY0000"))
        fields = register.fields_of(new)
        name, number, mobile = (
            fields.seal(label, text)
            for label, text in (("name", "某某某"), ("number", "0" * 18), ("mobile", "0" * 11))
        )
        row = PersonRow(new.holder_key, "999", name, number, mobile, PersonState.DISABLED, 0)
        return cls(new, row)

    def open(self, register: Register) -> PersonFacts:
        """The same unwrapping and opening as for a record; disabled, so that it never matches."""
        return opened(register.fields_of(self.new), self.row, 0)
