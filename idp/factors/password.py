"""Passwords: which are refused (pure), and their hashing in a bounded pool of its own threads.

NIST SP 800-63B-4 § 3.1.1: at least eight characters, a block-list, no composition rules. Hashed with argon2id
(RFC 9106), 19 MiB and two rounds as OWASP recommends first.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from idp.errors import HashingBusy, PasswordRefused

if TYPE_CHECKING:
    from argon2 import PasswordHasher

    from idp.factors.settings import PasswordSettings

__all__ = ["RESERVED", "Passwords", "prepared"]

LONGEST: Final = 256
"""Characters; hashing more would be work that a stranger can order."""
RESERVED: Final = 6
"""Places that no flood of strangers fills: who is known, or changes a password, still gets in."""
_BLOCKED: Final = Path(__file__).with_name("blocked_passwords.txt")
_FEWEST_CHARACTERS: Final = 4
"""Different ones; ``11112222`` is a pattern, not a password."""


def prepared(password: str) -> bytes:
    """One byte string for one password, whichever keyboard typed it (RFC 8265 § 4.2: NFC)."""
    return unicodedata.normalize("NFC", password[: LONGEST + 1]).encode("utf-8", "surrogatepass")


class Passwords:
    """Judges, hashes and verifies."""

    def __init__(self, settings: PasswordSettings) -> None:
        self._settings = settings
        self._pool = ThreadPoolExecutor(settings.threads, thread_name_prefix="argon2")
        self._strangers = threading.BoundedSemaphore(settings.threads + settings.waiting)
        self._room = threading.BoundedSemaphore(settings.threads + settings.waiting + RESERVED)
        self._dummy: str | None = None

    @cached_property
    def _blocked(self) -> frozenset[str]:
        files = [_BLOCKED, *([self._settings.block_list_file] if self._settings.block_list_file else [])]
        return frozenset(
            line.strip().casefold()
            for file in files
            for line in file.read_text("utf-8").splitlines()
            if line.strip()
        )

    @cached_property
    def _argon2(self) -> PasswordHasher:
        from argon2 import PasswordHasher, Type

        return PasswordHasher(
            time_cost=self._settings.rounds,
            memory_cost=self._settings.memory_kib,
            parallelism=1,
            hash_len=32,
            salt_len=16,
            type=Type.ID,
        )

    def judge(self, password: str, *, number: str) -> None:
        """Refuse a password that others would guess first.

        Args:
            password: as typed.
            number: the person's own document number, which must not be the password nor most of it.

        Raises:
            PasswordRefused: ``why`` is ``short``, ``long``, ``common`` or ``own_number``.

        """
        length = len(unicodedata.normalize("NFC", password))
        if length < self._settings.least_length:
            raise PasswordRefused("short")
        if length > LONGEST:
            raise PasswordRefused("long")
        folded = password.casefold()
        if folded in self._blocked or len(set(folded)) < _FEWEST_CHARACTERS:
            raise PasswordRefused("common")
        own = number.casefold()
        birth = own[6:14] if len(own) == 18 else own
        if own and (folded in own or birth in folded):
            raise PasswordRefused("own_number")

    @contextmanager
    def room(self, *, stranger: bool = False) -> Iterator[None]:
        """A place among those who may wait, taken before a try is counted: a refusal here costs nobody a try.

        ``stranger``: a browser that never logged in to the account; such ones leave the last places free.

        Raises:
            HashingBusy: too many wait.

        """
        taken: list[threading.BoundedSemaphore] = []
        try:
            for room in (self._strangers, self._room) if stranger else (self._room,):
                if not room.acquire(blocking=False):
                    raise HashingBusy(retry_after=2)
                taken.append(room)
            yield
        finally:
            for room in taken:
                room.release()

    def hash(self, password: str) -> str:
        """The PHC string; about 25 ms of one core. Call it within ``room``."""
        return self._pool.submit(lambda: self._argon2.hash(prepared(password))).result()

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether it is the stored one; none stored takes the same time, never right. Within ``room``."""
        return self._pool.submit(lambda: self._verify(stored, password)).result()

    def _verify(self, stored: str | None, password: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError

        if self._dummy is None:
            self._dummy = self._argon2.hash(b"nobody has this password")
        try:
            right = self._argon2.verify(stored or self._dummy, prepared(password))
        except (VerificationError, InvalidHashError):
            return False
        return right and stored is not None and len(password) <= LONGEST

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()
