"""How many requests one worker has under way."""

from __future__ import annotations

from typing import Final

__all__ = ["LEFT_BY_LOGINS", "THREADS"]

THREADS: Final = 32
"""With more, threads that find nothing to do pass the turn round among themselves: at 64 callers a code
exchange cost a tenth more with 64."""
LEFT_BY_LOGINS: Final = 8
"""Threads that no flood of logins holds, so that it starves no token."""
