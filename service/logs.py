"""The log: one JSON object a line on standard error. A record's facts come as ``extra={"facts": {...}}``."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from typing_extensions import override

__all__ = ["JsonLines", "begin"]


class JsonLines(logging.Formatter):
    """Formats a record as one line; an exception's trace goes in as text."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """The line without its end."""
        line: dict[str, Any] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "log": record.name,
            "event": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


def begin(level: int = logging.INFO) -> None:
    """Send the log to standard error; refusals are told at INFO, faults at WARNING and above."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
