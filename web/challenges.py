"""What a resource asks of whoever may not have it yet (RFC 6750 § 3, RFC 9449 § 7.1, RFC 9470 § 3).

Both schemes are open to a client that shows nothing; the scheme that it used says what was wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from typing_extensions import override

from manyou.errors import Unauthenticated

if TYPE_CHECKING:
    from web.call import Call

__all__ = ["DPOP_ALGORITHMS", "Challenged", "StepUp", "challenges"]

DPOP_ALGORITHMS: Final = ("ES256", "PS256", "EdDSA")
"""By which a DPoP proof may be signed; discovery lists them too."""
_REALM: Final = 'realm="manyou"'
_ALGORITHMS: Final = f'algs="{" ".join(DPOP_ALGORITHMS)}"'

Headers = tuple[tuple[str, str], ...]


def challenges(call: Call, said: str = "") -> Headers:
    """``WWW-Authenticate``; ``said``: error and what belongs to it, as auth-params."""
    shown = call.header("Authorization")
    what = f", {said}" if said and shown is not None else ""
    if shown is not None and shown[:5].lower() == "dpop ":
        return (("WWW-Authenticate", f"DPoP {_REALM}{what}, {_ALGORITHMS}"),)
    # RFC 6750 § 3.1: who showed nothing is told no error
    bearer = ("WWW-Authenticate", f"Bearer {_REALM}{what}")
    return bearer, ("WWW-Authenticate", f"DPoP {_REALM}, {_ALGORITHMS}")


class Challenged(Unauthenticated):
    """A refusal that says in ``WWW-Authenticate`` what is lacking."""

    code = "invalid_token"

    @property
    def members(self) -> str:
        """Further auth-params."""
        return ""

    def challenge(self, call: Call) -> Headers:
        """The headers."""
        return challenges(call, f'error="{self.code}", error_description="{self.mend}"{self.members}')


class StepUp(Challenged):
    """The token is good, and the login behind it not strong or not recent enough (RFC 9470 § 3)."""

    code = "insufficient_user_authentication"
    mend = "Send the person to the authorization endpoint with the acr_values or max_age of the challenge."

    def __init__(self, *, acr_values: str = "", max_age: int | None = None, detail: str = "") -> None:
        """``acr_values``: any of them suffices; ``max_age``: seconds since the login."""
        super().__init__(detail=detail)
        self.acr_values = acr_values
        self.max_age = max_age

    @property
    @override
    def members(self) -> str:
        """``acr_values`` and ``max_age``, where they are what is lacking."""
        levels = f', acr_values="{self.acr_values}"' if self.acr_values else ""
        return levels if self.max_age is None else f'{levels}, max_age="{self.max_age}"'
