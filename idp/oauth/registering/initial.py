"""Initial access tokens (RFC 7591 § 3): an operator's word that somebody may register, so often, until then.

What may be registered by one stands in its terms. The token has 256 random bits and is kept as its SHA-256.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from idp.oauth.clients.client import Profile
from store import SQL

if TYPE_CHECKING:
    from store import Tx

__all__ = ["ANYBODY", "Terms", "digest", "issue", "look", "sweep", "use"]


class Terms(msgspec.Struct, frozen=True):
    """What a client gets at most that registers under them."""

    profile: Profile = "basic"
    scopes: tuple[str, ...] = ("openid", "profile", "offline_access")
    audiences: tuple[str, ...] = ()
    detail_types: tuple[str, ...] = ()
    grants: tuple[str, ...] = ("authorization_code", "refresh_token", "client_credentials")
    """Devices, back-channel logins and exchanges reach people where no browser shows who asks."""
    subject_types: tuple[str, ...] = ("pairwise",)
    """A public subject is the same for every client that has it."""


ANYBODY = Terms()
"""Where the operator lets anybody register."""

_decode = msgspec.json.Decoder(Terms).decode

_ISSUE = SQL("""
INSERT INTO registration_token (hash, terms, uses, ends, made) VALUES (:hash, :terms, :uses, :ends, :now)""")
_LOOK = SQL("SELECT terms FROM registration_token WHERE hash = :hash AND uses > 0 AND ends > :now")
_USE = SQL("UPDATE registration_token SET uses = uses - 1 WHERE hash = :hash AND uses > 0 AND ends > :now")
_SWEEP = SQL("""
DELETE FROM registration_token WHERE hash IN
    (SELECT hash FROM registration_token WHERE ends <= :before ORDER BY ends LIMIT :most)""")


def digest(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def issue(tx: Tx, hash: bytes, terms: Terms, *, uses: int, ends: int, now: int) -> None:
    """Keep a new token; ``ends``: unix seconds."""
    text = msgspec.json.encode(terms).decode()
    tx.run(_ISSUE, hash=hash, terms=text, uses=uses, ends=ends, now=now)


def look(tx: Tx, hash: bytes, now: int) -> Terms | None:
    """The terms of a token that is still good."""
    row = tx.row(_LOOK, hash=hash, now=now)
    return _decode(row[0]) if row else None


def use(tx: Tx, hash: bytes, now: int) -> bool:
    """Use it once; of any number of racing callers no more win than it has uses."""
    return tx.run(_USE, hash=hash, now=now) == 1


def sweep(tx: Tx, before: int, most: int) -> int:
    """Delete at most ``most`` that ended at or before ``before``."""
    return tx.run(_SWEEP, before=before, most=most)
