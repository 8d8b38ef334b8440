"""Where a login leads to: an address of the provider that we know, never another origin (RFC 9700 § 4.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from web import Call

__all__ = ["keeping", "return_to"]

HOME: Final = "/account"
LONGEST: Final = 12_000
_BEGINNINGS: Final = ("/authorize?", "/consent?", "/logout?", "/account/", "/device?")
_WHOLE: Final = frozenset({"/account", "/device", "/logout"})


def return_to(call: Call) -> str:
    """The address that the query names, or the account page where it names none that is ours."""
    asked = call.query.get("return_to") or HOME
    printable = all("!" <= each <= "~" and each != "\\" for each in asked)
    if not printable or len(asked) > LONGEST or "//" in asked.partition("?")[0]:
        return HOME
    return asked if asked in _WHOLE or asked.startswith(_BEGINNINGS) else HOME


def keeping(path: str, call: Call) -> str:
    """The next step's address, with where it all leads to."""
    to = return_to(call)
    return path if to == HOME else f"{path}?return_to={quote(to, safe='/')}"
