"""Refusals of the register.

Problem
├── BadRequest
│   └── LookUpOnly       a number of 15 digits finds a holder and never begins one
├── Conflict
│   ├── AliasTaken       the number leads to another holder
│   └── NotMergeable     the two files are the same, or one is merged or erased already
├── NotFound
│   └── NoSuchHolder     no holder of that key
└── Gone
    └── HolderErased     the holder's data key was deleted: the fields are unreadable for ever
"""

from __future__ import annotations

from manyou.errors import BadRequest, Conflict, Gone, NotFound

__all__ = ["AliasTaken", "HolderErased", "LookUpOnly", "NoSuchHolder", "NotMergeable"]


class LookUpOnly(BadRequest):
    """A first-generation number of 15 digits, where a holder would begin."""

    code = "look_up_only"
    mend = "Give the number of 18 characters."


class AliasTaken(Conflict):
    """The number leads to another holder."""

    code = "alias_taken"
    mend = "Merge the two files, or end the other holder's alias first."


class NotMergeable(Conflict):
    """The two files are the same, or one of them is merged or erased already."""

    code = "not_mergeable"
    mend = "Name two different files that both stand."


class NoSuchHolder(NotFound):
    """No holder of that key."""

    code = "no_such_holder"
    mend = "Check the number."


class HolderErased(Gone):
    """The holder was erased; nothing can be read any more."""

    code = "holder_erased"
    mend = "The record was erased and cannot be restored."
