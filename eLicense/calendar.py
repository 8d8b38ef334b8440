"""Days as the law counts them: China's calendar, UTC+8, no summer time. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final

__all__ = ["DAY", "begin_of", "day_number", "day_of", "end_of", "rfc3339"]

DAY: Final = 86_400
_CHINA: Final = timezone(timedelta(hours=8))
_CHINA_AHEAD: Final = 8 * 3_600


def day_of(now: int) -> date:
    """The day that the unix second ``now`` lies in."""
    return datetime.fromtimestamp(now, _CHINA).date()


def day_number(now: int) -> int:
    """The same as a number of days since 1970."""
    return (now + _CHINA_AHEAD) // DAY


def begin_of(day: date) -> int:
    """Unix second in which the day begins."""
    return int(datetime.combine(day, time.min, _CHINA).timestamp())


def end_of(day: date | None) -> int:
    """First unix second after the day; 0 for None, which has no end (长期)."""
    return 0 if day is None else begin_of(day) + DAY


def rfc3339(seconds: int) -> str:
    """A unix second as RFC 3339 UTC, e.g. ``2026-09-22T01:46:40Z``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
