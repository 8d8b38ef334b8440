"""Where nginx is, which the demo can use and does not need."""

from __future__ import annotations

import shutil

__all__ = ["nginx"]


def nginx() -> str | None:
    """The program; Debian keeps it out of a user's path."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
