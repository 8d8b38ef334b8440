"""Settings of what a person proves it with. Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["ActivationSettings", "PasswordSettings"]


@dataclass(frozen=True, slots=True)
class PasswordSettings:
    """Passwords: NIST SP 800-63B-4 § 3.1.1 (length and block-list, no composition, no forced change)."""

    least_length: int = 8
    """Characters; never below 8."""
    block_list_file: Path | None = None
    """One password a line, added to the built-in list."""
    memory_kib: int = 19 * 1024
    """Argon2id, OWASP's first recommendation: 19 MiB, t=2, p=1."""
    rounds: int = 2
    """Argon2id passes; never below 2."""
    threads: int = 2
    """Hashes made at once; more than the cores only makes all of them slow."""
    waiting: int = 16
    """Hashes for strangers that may wait, each holding a thread; beyond it the answer is 503."""


@dataclass(frozen=True, slots=True)
class ActivationSettings:
    """The phone on file; how long its codes live is a rule (``phone_code``), not a setting."""

    flow_seconds: int = 24 * 3600
    """How long a browser may go on with what it began: as long as the longest code lives."""
