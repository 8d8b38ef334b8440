"""By which algorithms a client may have its answers signed and encrypted (pure): metadata and registration.

OIDC Registration § 2, RFC 9701 § 6; FAPI clients have no RS256 (FAPI 2.0 § 5.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idp.oauth.clients.profiles import POLICIES
from keys.jwe import ALGORITHMS, ENCODINGS
from keys.rings import PURPOSES

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client

__all__ = ["RING", "SIGNING", "answer_faults", "encryption_metadata"]

RING: Final = "id-token"
SIGNING: Final = PURPOSES[RING].algorithms
KINDS: Final = ("id_token", "userinfo", "introspection")
"""How the members of the registration and of the metadata begin."""


def encryption_metadata() -> dict[str, list[str]]:
    """The members of the discovery document."""
    found: dict[str, list[str]] = {}
    for name in KINDS:
        found[f"{name}_signing_alg_values_supported"] = list(SIGNING)
        found[f"{name}_encryption_alg_values_supported"] = list(ALGORITHMS)
        found[f"{name}_encryption_enc_values_supported"] = list(ENCODINGS)
    return found


def answer_faults(client: Client) -> list[str]:
    """What is wrong with a registration of algorithms; empty where nothing is."""
    found = []
    allowed = set(SIGNING) & set(POLICIES[client.profile].algorithms)
    if client.id_token_alg not in allowed:
        found.append("id_token_alg: one that the metadata lists and the profile allows.")
    for what in KINDS:
        signed = "" if what == "id_token" else getattr(client, f"{what}_signed_alg")
        alg, enc = getattr(client, f"{what}_encrypted_alg"), getattr(client, f"{what}_encrypted_enc")
        if signed and signed not in allowed:
            found.append(f"{what}_signed_alg: one that the metadata lists and the profile allows.")
        if (alg and alg not in ALGORITHMS) or (enc and (not alg or enc not in ENCODINGS)):
            found.append(f"{what}_encrypted_alg, {what}_encrypted_enc: ones that the metadata lists.")
        if alg and not (client.jwks or client.jwks_uri):
            found.append(f"{what}_encrypted_alg: a key to encrypt to, in jwks or at jwks_uri.")
    return found
