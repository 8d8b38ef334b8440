"""``typing.override`` for Python 3.11, which lacks it; the type checker sees the real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["override"]

if TYPE_CHECKING:
    from typing_extensions import override
else:

    def override(method):  # noqa: ANN001, ANN202 - the checker reads the branch above
        """Mark a method that overrides one of a base class; changes nothing."""
        return method
