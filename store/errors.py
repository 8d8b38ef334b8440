"""What the store raises.

manyou.errors.Unavailable      database gone, full, slow, conflicting: 503, try again
├── ConstraintBroken           a statement broke a constraint of the schema
├── FolderInUse                a second server on one folder
├── MigrationChanged           an applied migration's file is not what it was
└── NotGranted                 the database role may not do this
"""

from __future__ import annotations

from manyou.errors import Unavailable

__all__ = ["ConstraintBroken", "FolderInUse", "MigrationChanged", "NotGranted", "Unavailable", "unavailable"]

_RETRY_SECONDS = 1


class ConstraintBroken(Unavailable):
    """A uniqueness, check or reference of the schema was broken; the work is undone."""

    code = "store_constraint"
    mend = "The record contradicts another one; report it to the operator."


class FolderInUse(Unavailable):
    """Another server already runs on this folder."""

    code = "store_in_use"
    mend = "Stop the other server first; two servers never share one embedded database."


class MigrationChanged(Unavailable):
    """A migration that was applied has changed, or is missing, on disk."""

    code = "store_migration_changed"
    mend = "Restore the applied migration and write a new one: migrations only go forward."


class NotGranted(Unavailable):
    """The role that we connect as lacks a grant, or a migration waits that only the owner may apply."""

    code = "store_not_granted"
    mend = "Run `manyou migrate` as the migration role, then deploy/postgresql/grants.sql."


def unavailable(detail: str) -> Unavailable:
    """Return the general failure of the store; `detail` is for the log only."""
    return Unavailable(detail=detail, retry_after=_RETRY_SECONDS)
