"""The policies that a client can be registered under; creation, every change and every request keep them.

FAPI 2.0 Security Profile § 5.3.2.1 and § 5.4, Message Signing § 5; RFC 9700 § 2.1.1, § 2.2.2; RFC 8252 § 8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from idp.oauth.clients.grant_types import CIBA, DEVICE_CODE

if TYPE_CHECKING:
    from idp.oauth.clients.client import AuthMethod, Client, Profile

    _Methods = frozenset[AuthMethod]

__all__ = ["CIBA_ALGORITHMS", "CLIENT_ALGORITHMS", "POLICIES", "Policy", "algorithms"]

CLIENT_ALGORITHMS: Final = ("ES256", "PS256", "EdDSA", "RS256")
"""By which clients may sign for us; RS256 is refused for FAPI clients."""
CIBA_ALGORITHMS: Final = ("ES256", "PS256", "EdDSA")
"""Of back-channel requests, whatever the profile (FAPI-CIBA § 5.2.2)."""
_FAPI_ALGORITHMS: Final = ("ES256", "PS256", "EdDSA")

_BY_SECRET: Final[_Methods] = frozenset({"client_secret_basic", "client_secret_post"})
_BY_KEY: Final[_Methods] = frozenset({"private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"})
_PUBLIC: Final[_Methods] = frozenset({"none"})


class Policy(msgspec.Struct, frozen=True):
    """What clients of a profile keep to."""

    auth_methods: frozenset[AuthMethod]
    algorithms: tuple[str, ...] = CLIENT_ALGORITHMS
    grants: frozenset[str] = frozenset()
    """Empty: all that there are."""
    pkce: bool = False
    """Every authorization request has a code_challenge, whatever the operator would allow."""
    application_type: Literal["web", "native", ""] = ""
    """native: loopback with any port and private schemes are good redirect URIs; empty: either."""


_OF_APPLICATIONS: Final = frozenset({"authorization_code", "refresh_token"})
_OF_TERMINALS: Final = frozenset({DEVICE_CODE, CIBA, "refresh_token", "client_credentials"})

POLICIES: Final[dict[Profile, Policy]] = {
    "basic": Policy(_BY_SECRET | _BY_KEY | _PUBLIC),
    "fapi2": Policy(_BY_KEY, _FAPI_ALGORITHMS, application_type="web"),
    "fapi2-message-signing": Policy(_BY_KEY, _FAPI_ALGORITHMS, application_type="web"),
    "native": Policy(_PUBLIC, grants=_OF_APPLICATIONS, pkce=True, application_type="native"),
    "browser": Policy(_PUBLIC, grants=_OF_APPLICATIONS, pkce=True, application_type="web"),
    "terminal": Policy(_BY_SECRET | _BY_KEY | _PUBLIC, grants=_OF_TERMINALS),
}
"""What requests of a FAPI client must have besides (PAR, PKCE, a bound token) follows from the profile."""


def algorithms(client: Client, registered: str) -> tuple[str, ...]:
    """By which a client may sign something: what it registered for that, or all that its profile allows."""
    allowed = POLICIES[client.profile].algorithms
    return tuple(each for each in allowed if registered in ("", each))
