"""What an operator does about clients: register, change, disable, and replace secrets with overlap.

Fields are those of the record (``idp.oauth.clients.client``), each written as text: lists with commas
between, truth values as true and false. What the profile leaves no choice about is filled in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from idp.oauth.clients.client import Client, new_secret
from idp.oauth.clients.profiles import POLICIES
from idp.oauth.clients.registered import ClientFaulty, put
from idp.oauth.events import client_event
from idp.oauth.registering import initial
from idp.oauth.registering.replacing import replaced
from idp.oauth.registering.sector import check_sector
from ledger import append
from manyou.errors import Conflict, NotFound
from store import SQL

if TYPE_CHECKING:
    from idp.oauth.engine import Engine
    from idp.oauth.registering.initial import Terms
    from store import Tx

__all__ = ["FIELDS", "add", "change", "listed", "rotate_secret", "shown", "switch", "ticket"]

BY_SECRET: Final = frozenset({"client_secret_basic", "client_secret_post"})
OURS: Final = frozenset(
    {"client_id", "secret_hashes", "old_secret_ends", "registration_token_hash", "registered_at", "enabled"}
)
"""Fields that no operator writes."""
FIELDS: Final = tuple(name for name in Client.__struct_fields__ if name not in OURS)
_LIST = SQL("SELECT client_id, enabled FROM client ORDER BY client_id")
_LISTS: Final = frozenset(
    field.name for field in msgspec.structs.fields(Client) if str(field.type).startswith("tuple")
)


class NoSuchClient(NotFound):
    """No client of that client_id."""

    code = "no_such_client"
    mend = "Name a client that is registered; see manyou client list."


class ClientExists(Conflict):
    """The client_id is taken."""

    code = "client_exists"
    mend = "Take another client_id, or change the client that has it."


def add(engine: Engine, client_id: str, texts: dict[str, str], now: int) -> str:
    """Register a client; returns its secret, empty where it has none.

    Raises:
        ClientExists: the client_id is taken.
        ClientFaulty: the mend names every rule that is broken.
    """
    given = _given(texts)
    policy = POLICIES.get(given.get("profile", "basic"))
    if policy is not None:
        if policy.application_type:
            given.setdefault("application_type", policy.application_type)
        if len(policy.auth_methods) == 1:
            given.setdefault("auth_method", next(iter(policy.auth_methods)))
    secret = ""
    if given.get("auth_method", "client_secret_basic") in BY_SECRET:
        secret, digest = new_secret(engine.entropy)
        given["secret_hashes"] = (digest,)
    client = _convert({"client_id": client_id, "registered_at": now, **given})
    check_sector(engine.fetcher, client)
    event_id = engine.event_id(now)

    def work(tx: Tx) -> bool:
        if any(row[0] == client_id for row in tx.rows(_LIST)):
            return False
        put(tx, client, now)
        append(tx, client_event(event_id, "registered", client_id, at=now, actor="operator"))
        return True

    if not engine.durable.write(work):
        raise ClientExists
    return secret


def change(engine: Engine, client_id: str, texts: dict[str, str], now: int) -> str:
    """Change the named fields; returns a secret where another method made one necessary.

    Raises:
        NoSuchClient: there is none.
        ClientFaulty: the mend names every rule that is broken.
    """
    before = _client(engine, client_id)
    given = _given(texts)
    secret = ""
    method = given.get("auth_method", before.auth_method)
    if method not in BY_SECRET:
        given["secret_hashes"] = ()
    elif not before.secret_hashes:
        secret, digest = new_secret(engine.entropy)
        given["secret_hashes"] = (digest,)
    client = _convert({**msgspec.structs.asdict(before), **given})
    check_sector(engine.fetcher, client)
    _replace(engine, before, client, "changed", now)
    return secret


def rotate_secret(engine: Engine, client_id: str, overlap: int, now: int) -> str:
    """A new secret; the one before stays good for ``overlap`` seconds.

    Raises:
        NoSuchClient: there is none.
        ClientFaulty: it authenticates otherwise.
    """
    before = _client(engine, client_id)
    if before.auth_method not in BY_SECRET:
        raise ClientFaulty(f"auth_method {before.auth_method} has no secret; change its keys instead.")
    secret, digest = new_secret(engine.entropy)
    kept = (*before.secret_hashes[-1:], digest) if overlap else (digest,)
    ends = now + overlap if overlap else 0
    client = msgspec.structs.replace(before, secret_hashes=kept, old_secret_ends=ends)
    _replace(engine, before, client, "secret_replaced", now)
    return secret


def switch(engine: Engine, client_id: str, *, enabled: bool, now: int) -> None:
    """Let a client in, or keep it and all its tokens out.

    Raises:
        NoSuchClient: there is none.
    """
    before = _client(engine, client_id)
    client = msgspec.structs.replace(before, enabled=enabled)
    _replace(engine, before, client, "enabled" if enabled else "disabled", now)


def listed(engine: Engine) -> list[tuple[str, bool]]:
    """Every client_id, and whether it is enabled."""
    return [(name, bool(on)) for name, on in engine.durable.read(lambda tx: tx.rows(_LIST))]


def shown(engine: Engine, client_id: str) -> dict[str, Any]:
    """The record without what its secrets are compared with.

    Raises:
        NoSuchClient: there is none.
    """
    client = _client(engine, client_id)
    hidden = {"secret_hashes", "registration_token_hash"}
    found = {name: value for name, value in msgspec.structs.asdict(client).items() if name not in hidden}
    return found | {"secrets": len(client.secret_hashes)}


def ticket(engine: Engine, terms: Terms, *, uses: int, seconds: int, now: int) -> str:
    """A new initial access token, to be handed to who will register."""
    token, _ = new_secret(engine.entropy)
    hash_, ends = initial.digest(token), now + seconds
    engine.durable.write(lambda tx: initial.issue(tx, hash_, terms, uses=uses, ends=ends, now=now))
    return token


def _client(engine: Engine, client_id: str) -> Client:
    found = engine.clients.get(client_id)
    if found is None:
        raise NoSuchClient
    return found


def _replace(engine: Engine, before: Client, client: Client, what: str, now: int) -> None:
    if not replaced(engine, before, client, what, actor="operator", now=now):
        raise Conflict("Look at the client again; it was changed meanwhile.")


def _given(texts: dict[str, str]) -> dict[str, Any]:
    if unknown := sorted(set(texts) - set(FIELDS)):
        raise ClientFaulty(f"{', '.join(unknown)}: no such field; there are {', '.join(FIELDS)}.")
    return {name: _value(name, text) for name, text in texts.items()}


def _value(name: str, text: str) -> Any:
    if name in _LISTS:
        return tuple(part for each in text.split(",") if (part := each.strip()))
    if text == "" and name in {"default_max_age", "agency_uscc"}:
        return None
    return text


def _convert(values: dict[str, Any]) -> Client:
    try:
        return msgspec.convert(values, Client, strict=False)
    except msgspec.ValidationError as error:
        raise ClientFaulty(f"{error}.") from error
