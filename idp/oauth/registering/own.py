"""What a client does about its own registration: begin it, change it, end it (RFC 7591 § 3, RFC 7592 § 2).

The registration access token changes with every change, so that a copy of an old one is worth nothing. A
change counts only if the record still is what it was when it was decided on: of two that race one is refused.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

import msgspec

from idp.oauth.clients.client import Client, new_secret, secret_matches
from idp.oauth.clients.grant_types import CIBA, DEVICE_CODE
from idp.oauth.clients.registered import ClientFaulty, put
from idp.oauth.clients.rules import faults
from idp.oauth.errors import InvalidClientMetadata, InvalidRedirectUri, InvalidToken
from idp.oauth.events import client_event
from idp.oauth.registering import initial, metadata
from idp.oauth.registering.initial import Terms
from idp.oauth.registering.replacing import replaced
from idp.oauth.registering.sector import check_sector
from idp.oauth.subject import sector_of
from keys import base64url
from ledger import append

if TYPE_CHECKING:
    from idp.oauth.engine import Engine
    from store import Tx

__all__ = ["Registered", "change", "end", "holds", "register"]

BY_SECRET = frozenset({"client_secret_basic", "client_secret_post"})
ID_BYTES = 16


class Registered(msgspec.Struct, frozen=True):
    """A client with what is shown this once."""

    client: Client
    token: str
    """Its registration access token."""
    secret: str = ""
    """Its secret, where it got a new one."""


def register(
    engine: Engine, terms: Terms, ticket: bytes | None, sent: dict[str, Any], now: int
) -> Registered:
    """A new client under the terms of an initial access token, which is used by it.

    ``ticket``: digest of that token; None where anybody may register.

    Raises:
        InvalidClientMetadata, InvalidRedirectUri: the mend names every rule that is broken.
        InvalidToken: the initial access token was used up meanwhile.
    """
    read = _read(sent)
    client_id = base64url(engine.entropy(ID_BYTES)).decode()
    token, token_hash = new_secret(engine.entropy)
    secret, kept = _secret(engine, read, ())
    client = metadata.record(
        client_id, read, terms, secret_hashes=kept, registration_token_hash=token_hash, registered_at=now
    )
    _check(engine, client, terms, None)
    event_id = engine.event_id(now)

    def work(tx: Tx) -> bool:
        if ticket is not None and not initial.use(tx, ticket, now):
            return False
        put(tx, client, now)
        append(tx, client_event(event_id, "registered", client_id, at=now, actor="client"))
        return True

    if not engine.durable.write(work):
        raise InvalidToken("Ask the operator for another initial access token.")
    engine.clients.forget(client_id)
    return Registered(client, token, secret)


def holds(client: Client | None, token: str) -> bool:
    """Whether this is the registration access token of a living client; in the same time for every answer."""
    given = hashlib.sha256(token.encode()).hexdigest()
    known = client.registration_token_hash if client is not None else ""
    same = hmac.compare_digest(given, known or "0" * 64)
    return same and client is not None and client.enabled


def change(engine: Engine, before: Client, sent: dict[str, Any], now: int) -> Registered:
    """The registration replaced by what was sent, all of it (RFC 7592 § 2.2).

    Raises:
        InvalidClientMetadata, InvalidRedirectUri: the mend names every rule that is broken.
        InvalidToken: it was changed meanwhile, and the registration access token with it.
    """
    read = _read(sent)
    if read.rest.client_id != before.client_id:
        raise InvalidClientMetadata("Send the client_id that is registered.")
    if read.rest.client_secret and not secret_matches(before, read.rest.client_secret, now):
        raise InvalidClientMetadata("Send the client_secret that is registered, or none.")
    token, token_hash = new_secret(engine.entropy)
    secret, kept = _secret(engine, read, before.secret_hashes)
    terms = Terms(
        profile=before.profile,
        scopes=before.may_register,
        audiences=before.audiences,
        detail_types=before.detail_types,
        grants=before.may_grant or before.grants,
        subject_types=("pairwise", before.subject_type),
    )
    client = metadata.record(before.client_id, read, terms)
    client = msgspec.structs.replace(
        client,
        secret_hashes=kept,
        old_secret_ends=before.old_secret_ends if kept == before.secret_hashes else 0,
        registration_token_hash=token_hash,
        registered_at=before.registered_at,
        # what the operator decided stays
        pkce_required=client.pkce_required or before.pkce_required,
        **{name: getattr(before, name) for name in OPERATORS},
    )
    _check(engine, client, terms, before)
    _replace(engine, before, client, "changed", now)
    return Registered(client, token, secret)


OPERATORS = ("agency_uscc", "verifier", "trusted", "serves", "least_level", "least_strength")
"""Fields that no client says of itself."""


def end(engine: Engine, before: Client, now: int) -> None:
    """Nothing of the client is good any more; its name stays, for people's own records of it.

    Raises:
        InvalidToken: it was changed meanwhile.
    """
    over = msgspec.structs.replace(before, enabled=False, registration_token_hash="")
    _replace(engine, before, over, "disabled", now)


def _replace(engine: Engine, before: Client, client: Client, what: str, now: int) -> None:
    if not replaced(engine, before, client, what, actor="client", now=now):
        raise InvalidToken("Read the registration with its newest registration access token.")


def _read(sent: dict[str, Any]) -> metadata.Metadata:
    try:
        return metadata.read(sent)
    except msgspec.ValidationError as error:
        raise InvalidClientMetadata(f"Mend the metadata: {_ascii(str(error))}.") from error


def _secret(engine: Engine, read: metadata.Metadata, kept: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """A new secret and what is kept of it, where the method needs one and there is none yet."""
    if read.same.get("auth_method", "client_secret_basic") not in BY_SECRET:
        return "", ()
    if kept:
        return "", kept
    secret, digest = new_secret(engine.entropy)
    return secret, (digest,)


def _check(engine: Engine, client: Client, terms: Terms, before: Client | None) -> None:
    found = faults(client)
    if redirects := [fault for fault in found if fault.startswith((*client.redirect_uris, "redirect"))]:
        raise InvalidRedirectUri(_ascii(" ".join(redirects)))
    asked = {
        "scope": (client.scopes, terms.scopes),
        "authorization_details_types": (client.detail_types, terms.detail_types),
        "grant_types": (client.grants, terms.grants),
        "subject_type": ((client.subject_type,), terms.subject_types),
    }
    for name, (wanted, allowed) in asked.items():
        if not set(wanted) <= set(allowed):
            found.append(f"{name}: only what the initial access token allows.")
    if not found and client.subject_type == "pairwise":
        found = _sector_faults(client, before)
    if found:
        raise InvalidClientMetadata(_ascii(" ".join(found)))
    try:
        check_sector(engine.fetcher, client)
    except ClientFaulty as faulty:
        raise InvalidClientMetadata(faulty.mend) from faulty


def _sector_faults(client: Client, before: Client | None) -> list[str]:
    """Nobody hears a hall's names for people by writing down its host (OIDC Core § 8.1).

    That answers go to the redirect URIs is what makes their host the client's own. So it is not where answers
    come another way, nor for tokens that were given while the answers went elsewhere.
    """
    if client.sector_identifier_uri:  # its host has said that it is so
        return []
    if {DEVICE_CODE, CIBA} & set(client.grants) and sector_of(client) != client.client_id:
        return ["sector_identifier_uri: needed with redirect_uris where devices or back-channel logins are."]
    if before is not None and sector_of(client) != sector_of(before):
        return ["redirect_uris: keep to their host, or list them at sector_identifier_uri, or register anew."]
    return []


def _ascii(text: str) -> str:
    """RFC 6749 § 5.2: no quotation mark and no backslash stands in an error_description."""
    plain = text.replace('"', "'").replace("\\", "/").encode("ascii", "replace").decode()
    return "".join(c for c in plain if c.isprintable())[:1000]
