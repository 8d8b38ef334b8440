"""Random bytes: each given out once, to one thread, in one process."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

from keys import random_bytes


def test_no_piece_is_given_out_twice() -> None:
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(random_bytes, [16] * 20_000))
    assert len(set(found)) == len(found)


def test_any_size_is_served_whole() -> None:
    assert [len(random_bytes(size)) for size in (1, 8, 12, 16, 17, 32, 5000)] == [1, 8, 12, 16, 17, 32, 5000]


def test_a_forked_process_has_bytes_of_its_own() -> None:
    random_bytes(16)  # so that a page is begun
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writing, b"".join(random_bytes(16) for _ in range(300)))
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reading, 300 * 16)
    ours = {random_bytes(16) for _ in range(300)}
    assert len(theirs) == 300 * 16
    assert not ours & {theirs[at : at + 16] for at in range(0, len(theirs), 16)}
