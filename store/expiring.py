"""The expiring store: requests in flight, limits, caches; in the durable store's tables or in Redis.

It never decides: whatever it holds may be lost at the price of one retry. So there is no `take`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from store.settings import StoreSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from store.durable import Durable

__all__ = ["Expiring", "open_expiring"]


class Expiring(Protocol):
    """Values with an end in unix seconds. An ended value is as good as absent, swept or not.

    A key holds a value (`put`, `get`, `swap`) or a count (`bump`), never both. Where the store does not
    answer within its short time limits, every method raises `manyou.errors.Unavailable`.
    """

    def put(self, key: str, value: bytes, ends: int) -> None:
        """Set the value and its end, whatever was there."""

    def get(self, key: str) -> bytes | None:
        """Return the living value, or None."""

    def bump(self, key: str, ends: int) -> int:
        """Count one more and return the count; the first of a period sets when the period ends."""

    def swap(self, key: str, old: bytes, new: bytes, ends: int) -> bool:
        """Replace the living value if it is still `old`; of two racing swaps one succeeds."""

    def close(self) -> None:
        """Release what it holds."""


_DURABLE = StoreSettings()


def open_expiring(durable: Durable, clock: Callable[[], int], settings: StoreSettings = _DURABLE) -> Expiring:
    """Open the configured one; `clock` gives unix seconds. Redis need not be there yet."""
    if settings.expiring == "durable":
        from store.expiring_table import ExpiringTable

        return ExpiringTable(durable, clock)
    from store.expiring_redis import ExpiringRedis

    if settings.expiring_url_file is None:
        message = f"store.expiring_url_file is required for the expiring store {settings.expiring}"
        raise ValueError(message)
    url = settings.expiring_url_file.read_text(encoding="utf-8").strip()
    return ExpiringRedis(
        url, clock, cluster=settings.expiring == "redis-cluster", prefix=settings.expiring_prefix
    )
