"""The master key: one file that opens every private key of the store.

Private keys lie in the store sealed under it (AES-256-GCM-SIV, RFC 8452: a repeated nonce tells no more than
that two are equal).  The file is 64 hexadecimal digits and stays outside the store and its backups.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from keys.derive import derive
from keys.errors import MasterKeyRefused

__all__ = ["MasterKey", "create_master_key", "read_master_key"]

_BYTES = 32
_NONCE = 12
_TEXT_LIMIT = 2 * _BYTES + 2


class MasterKey:
    """Seals and opens key material; tells nothing of itself."""

    __slots__ = ("_cipher",)

    def __init__(self, secret: bytes, deployment: str) -> None:
        """Derive the sealing key of this deployment from the file's 32 bytes."""
        self._cipher = AESGCMSIV(derive(secret, "private-key", deployment))

    def seal(self, kid: str, ring: str, algorithm: str, material: bytes) -> bytes:
        """Nonce ‖ ciphertext of one key; bound to its row, so that rows cannot be swapped."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, material, _row(kid, ring, algorithm))

    def open(self, kid: str, ring: str, algorithm: str, sealed: bytes) -> bytes:
        """The key material of a row.

        Raises:
            MasterKeyRefused: another master key sealed it, or the row was changed.
        """
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _row(kid, ring, algorithm))
        except (InvalidTag, ValueError) as e:
            raise MasterKeyRefused(detail=f"the master key does not open key {kid} of ring {ring}") from e


def _row(kid: str, ring: str, algorithm: str) -> bytes:
    return f"{kid}\n{ring}\n{algorithm}".encode()


def read_master_key(path: Path) -> bytes:
    """The 32 bytes of a master-key file.

    Owner and mode are read from the opened file, not from the name, so that nothing can be swapped between.

    Raises:
        MasterKeyRefused: missing, a link, another's, readable by group or others, or malformed.
    """
    try:
        # without O_NONBLOCK a pipe of that name would make the start wait for ever
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as e:
        raise MasterKeyRefused(detail=f"{path}: {e.strerror}") from e
    try:
        _check(path, os.fstat(descriptor))
        text = os.read(descriptor, _TEXT_LIMIT)
    finally:
        os.close(descriptor)
    try:
        secret = bytes.fromhex(text.decode("ascii").removesuffix("\n"))
    except ValueError as e:
        raise MasterKeyRefused(detail=f"{path}: not hexadecimal") from e
    if len(secret) != _BYTES:
        raise MasterKeyRefused(detail=f"{path}: not {2 * _BYTES} hexadecimal digits")
    return secret


def _check(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise MasterKeyRefused(detail=f"{path}: not a regular file")
    if found.st_uid != os.geteuid():
        raise MasterKeyRefused(detail=f"{path}: belongs to another user")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise MasterKeyRefused(detail=f"{path}: open to group or others; chmod 600 it")


def create_master_key(path: Path, *, environment: str) -> None:
    """Write a fresh master key, in ``development`` only; an existing file is never touched.

    In production the operator makes the file (``umask 077; openssl rand -hex 32``) and keeps a copy apart.

    Raises:
        MasterKeyRefused: outside ``development``, or the file exists.
    """
    if environment != "development":
        raise MasterKeyRefused(detail="a master key is created in development only")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as e:
        raise MasterKeyRefused(detail=f"{path}: {e.strerror}") from e
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(os.urandom(_BYTES).hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
