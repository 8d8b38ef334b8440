"""login_hint (OIDC Core § 3.1.2.1): fills in the login form, for a known and an unknown account alike.

People's own numbers come as hints, and a number stands in no address of ours: from the first step on a hint
travels sealed, and opens for no longer than a login takes: an address stays in a browser's history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keys.errors import SealBroken

if TYPE_CHECKING:
    from keys import Keys

__all__ = ["LONGEST", "NAME", "opened", "seal", "sealed"]

NAME: Final = "login_hint"
KIND: Final = "login-hint"
MARK: Final = "sealed."
TIME_BYTES: Final = 8
SECONDS: Final = 1800
LONGEST: Final = 64
"""Characters of the form's field; a longer hint is none."""


def seal(keys: Keys, hint: str, now: int) -> str:
    """The hint for an address of ours; empty where it is none, and as it is where it is sealed already."""
    if hint.startswith(MARK):
        return hint
    if not 0 < len(hint) <= LONGEST:
        return ""
    return MARK + keys.seal(KIND, now.to_bytes(TIME_BYTES) + hint.encode())


def sealed(keys: Keys, pairs: list[tuple[str, str]], now: int) -> list[tuple[str, str]]:
    """The parameters of a request with its hint sealed."""
    return [(name, seal(keys, value, now) if name == NAME else value) for name, value in pairs]


def opened(keys: Keys, text: str, now: int) -> str:
    """What to fill in; empty for anything that we did not seal just now."""
    try:
        raw = keys.open(KIND, text.removeprefix(MARK))
    except SealBroken:
        return ""
    at = int.from_bytes(raw[:TIME_BYTES])
    return raw[TIME_BYTES:].decode() if now - at <= SECONDS else ""
