"""Whom the records are about: the register and each holder's data key.

    register = build(durable, keys, clock)
    feed.subscribe("holder", register.forget)
    register.enrol("111", number, evidence) → Enrolled(holder_key, created)
    alias = register.alias("111", number), outside a work; records.find(tx, alias, now) inside
    new = register.newcomer(alias), outside; records.enrol(tx, new, alias, evidence, now) inside
    register.fields(holder_key).seal("name", text) · .open("name", sealed)

`holder_key` is 16 random bytes, given once, and never leaves the service.  A number stands in the store only
as a blind index and sealed under its holder's data key, which erasing the holder deletes.
"""

from __future__ import annotations

from holders.errors import AliasTaken, HolderErased, LookUpOnly, NoSuchHolder, NotMergeable
from holders.fields import Fields
from holders.records import Alias, AliasRow, Enrolled, NewHolder, SealedAlias
from holders.register import Register, build

__all__ = [
    "Alias",
    "AliasRow",
    "AliasTaken",
    "Enrolled",
    "Fields",
    "HolderErased",
    "LookUpOnly",
    "NewHolder",
    "NoSuchHolder",
    "NotMergeable",
    "Register",
    "SealedAlias",
    "build",
]
