"""A session that the browser keeps for us: sealed, so that it can neither be read nor changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from manyou.errors import Problem

if TYPE_CHECKING:
    from web.call import Call
    from web.transport import Transport

__all__ = ["SealedCookie", "Sealer"]

COOKIE_MOST = 4000
"""Characters; browsers keep at least 4096 bytes for name, value and attributes (RFC 6265 § 6.1)."""


class Sealer(Protocol):
    """Seals bytes for one kind of use; ``keys.Keys`` fits."""

    def seal(self, kind: str, plaintext: bytes, *, bound: bytes = b"") -> str:
        """Seal ``plaintext``."""
        ...

    def open(self, kind: str, token: str, *, bound: bytes = b"") -> bytes:
        """Open it again; raises ``Problem`` for anything that was not sealed for this kind."""
        ...


@dataclass(frozen=True, slots=True)
class SealedCookie:
    """A small JSON object in a cookie of one origin."""

    name: str
    sealer: Sealer
    transport: Transport
    max_age: int

    def read(self, call: Call) -> dict[str, Any]:
        """What the cookie holds; empty where it is absent, foreign, changed or past ``max_age``."""
        token = call.cookies.get(self.transport.cookie_name(self.name))
        if not token:
            return {}
        try:
            at, value = msgspec.json.decode(
                self.sealer.open(f"cookie:{self.name}", token), type=tuple[int, dict[str, Any]]
            )
        except (Problem, msgspec.DecodeError):
            return {}
        return value if call.now < at + self.max_age else {}

    def write(self, call: Call, value: dict[str, Any]) -> tuple[str, str]:
        """The ``Set-Cookie`` header that keeps ``value``.

        Raises:
            ValueError: sealed it would be longer than browsers keep.

        """
        token = self.sealer.seal(f"cookie:{self.name}", msgspec.json.encode((call.now, value)))
        if len(token) > COOKIE_MOST:
            raise ValueError(f"cookie {self.name} of {len(token)} characters")
        return self.transport.set_cookie(self.name, token, max_age=self.max_age)

    def clear(self) -> tuple[str, str]:
        """The header that removes it."""
        return self.transport.set_cookie(self.name, "", max_age=0)
