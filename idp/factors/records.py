"""SQL over what an account proves itself with: password and one-time codes."""

from __future__ import annotations

from dataclasses import dataclass

from store import SQL, Tx

__all__ = [
    "Bound",
    "bind_totp",
    "bound",
    "password_unchanged",
    "remove_totp",
    "set_password",
    "spend_step",
]

_BOUND = SQL(
    "SELECT w.hash, w.changed_at, t.secret FROM person p LEFT JOIN password w ON w.holder_key = p.holder_key"
    " LEFT JOIN totp t ON t.holder_key = p.holder_key WHERE p.holder_key = :holder_key"
)
_SET_PASSWORD = SQL(
    "INSERT INTO password (holder_key, hash, changed_at) VALUES (:holder_key, :hash, :now)"
    " ON CONFLICT (holder_key) DO UPDATE SET hash = :hash, changed_at = :now"
)
_UNCHANGED = SQL("SELECT 1 FROM password WHERE holder_key = :holder_key AND changed_at <= :proved_at")
_BIND_TOTP = SQL(
    "INSERT INTO totp (holder_key, secret, bound_at, last_step) VALUES (:holder_key, :secret, :now, :step)"
    " ON CONFLICT (holder_key) DO NOTHING"
)
_REMOVE_TOTP = SQL("DELETE FROM totp WHERE holder_key = :holder_key")
_SPEND_STEP = SQL("UPDATE totp SET last_step = :step WHERE holder_key = :holder_key AND last_step < :step")


@dataclass(frozen=True, slots=True)
class Bound:
    """What an account has; all None for somebody who was never activated."""

    hash: str | None = None
    changed_at: int | None = None
    totp_secret: bytes | None = None
    """Sealed under the holder's data key."""


def bound(tx: Tx, holder_key: bytes) -> Bound:
    """The factors of a holder."""
    row = tx.row(_BOUND, holder_key=holder_key)
    return Bound(*row) if row else Bound()


def set_password(tx: Tx, holder_key: bytes, hash_: str, now: int) -> None:
    """Bind or change the password."""
    tx.run(_SET_PASSWORD, holder_key=holder_key, hash=hash_, now=now)


def password_unchanged(tx: Tx, holder_key: bytes, proved_at: int) -> bool:
    """Whether a password proved at that moment is still the account's."""
    return tx.row(_UNCHANGED, holder_key=holder_key, proved_at=proved_at) is not None


def bind_totp(tx: Tx, holder_key: bytes, secret: bytes, step: int, now: int) -> bool:
    """Bind one-time codes, with the step that confirmed them used; False where some are bound already."""
    return tx.run(_BIND_TOTP, holder_key=holder_key, secret=secret, step=step, now=now) == 1


def remove_totp(tx: Tx, holder_key: bytes) -> bool:
    """Remove one-time codes; False where there were none."""
    return tx.run(_REMOVE_TOTP, holder_key=holder_key) == 1


def spend_step(tx: Tx, holder_key: bytes, step: int) -> bool:
    """Use a time step and all before it, once (RFC 6238 § 5.2); racing callers: one wins."""
    return tx.run(_SPEND_STEP, holder_key=holder_key, step=step) == 1
