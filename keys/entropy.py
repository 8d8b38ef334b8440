"""Random bytes, fetched from the operating system a page at a time.

Each fetch is a system call that lets go of the interpreter's lock. Under load another thread takes it, and
the caller waits for its turn again: dearer by far than the call. A page serves 256 callers; each byte is
given out once, and a forked process begins with a page of its own.
"""

from __future__ import annotations

import os
from collections import deque
from typing import Final

__all__ = ["random_bytes"]

_PIECE: Final = 16
_PAGE: Final = 4096

_pieces: deque[bytes] = deque()
os.register_at_fork(after_in_child=_pieces.clear)


def random_bytes(size: int) -> bytes:
    """``size`` bytes fit for keys, nonces and identifiers; safe from any thread."""
    if size > _PIECE:
        return os.urandom(size)
    while True:
        try:
            return _pieces.pop()[:size]  # a deque gives each piece to one thread only
        except IndexError:
            page = os.urandom(_PAGE)
            _pieces.extend(page[at : at + _PIECE] for at in range(0, _PAGE, _PIECE))
