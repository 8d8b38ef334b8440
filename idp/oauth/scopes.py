"""The scopes there are: who may hold each, and which claims it opens.

Profile, email, address and phone are those of OIDC Core § 5.4 with the claims that a registry has. A sentence
for the consent page stands in the catalogue under ``consent.scope_‹name›``. ID number and full
phone number have scopes of their own; everybody who may know a name sees the rest masked.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["OFFLINE", "OPENID", "SCOPES", "Scope", "known"]

OPENID = "openid"
OFFLINE = "offline_access"


@dataclass(frozen=True, slots=True)
class Scope:
    """One scope value (RFC 6749 § 3.3)."""

    name: str
    claims: tuple[str, ...] = ()
    """Claims of userinfo that it opens."""
    person: bool = False
    """Asked for at /authorize, in a person's name."""
    client: bool = False
    """Held by a client for itself (client credentials)."""


SCOPES: dict[str, Scope] = {
    scope.name: scope
    for scope in (
        Scope(OPENID, ("sub", "user_type", "holder_code_type", "acting_person"), person=True),
        Scope(
            "profile",
            ("name", "name_masked", "id_number_masked", "phone_number_masked", "uscc", "updated_at"),
            person=True,
        ),
        Scope("phone", ("phone_number", "phone_number_verified", "phone_number_masked"), person=True),
        Scope("email", ("email", "email_verified"), person=True),
        Scope("address", ("address",), person=True),
        Scope("id_number", ("id_number", "id_number_masked"), person=True),
        Scope(OFFLINE, person=True),
        # the licence library's
        Scope("file", person=True),
        Scope("issue", client=True),
        Scope("check", client=True),
        Scope("use", person=True, client=True),
    )
}


def known(names: str | None) -> tuple[str, ...]:
    """The scopes in a space-separated list that exist here, once each, in the order sent.

    Unknown values are ignored (OIDC Core § 3.1.2.1).
    """
    return tuple(dict.fromkeys(name for name in (names or "").split(" ") if name in SCOPES))
