"""Registered clients: one record each, cached in the process, refreshed by news."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from idp.oauth.clients.client import Client
from idp.oauth.clients.rules import faults, identifier
from idp.oauth.origin import origin_of
from manyou.errors import BadRequest
from store import SQL, publish

if TYPE_CHECKING:
    from store import Durable, Feed, Tx

__all__ = ["NEWS", "ClientFaulty", "Clients", "put", "replace"]

PROVEN_MOST: Final = 10_000
"""Headers remembered; more than a province has clients."""

NEWS: Final = "client"
"""Kind of the news row; its subject is the client_id."""


class ClientFaulty(BadRequest):
    """The registration breaks a rule; the mend names each."""

    code = "client_faulty"


_decode = msgspec.json.Decoder(Client).decode
_encode = msgspec.json.Encoder().encode

_REPLACE = SQL("""
UPDATE client SET enabled = :enabled, record = :record, changed = :now
WHERE client_id = :client_id AND record = :before""")
_ENABLED = SQL("SELECT record FROM client WHERE enabled = 1")
_GET = SQL("SELECT record FROM client WHERE client_id = :client_id")
_PUT = SQL("""
INSERT INTO client (client_id, enabled, record, changed) VALUES (:client_id, :enabled, :record, :now)
ON CONFLICT (client_id) DO UPDATE SET
    enabled = excluded.enabled, record = excluded.record, changed = excluded.changed
""")


def put(tx: Tx, client: Client, now: int) -> None:
    """Register or change a client and tell the workers.

    Raises:
        ClientFaulty: the mend names every rule it breaks.

    """
    if found := faults(client):
        raise ClientFaulty(" ".join(found))
    tx.run(
        _PUT,
        client_id=client.client_id,
        enabled=int(client.enabled),
        record=_encode(client).decode(),
        now=now,
    )
    publish(tx, NEWS, client.client_id.encode(), now)


def replace(tx: Tx, before: Client, client: Client, now: int) -> bool:
    """Change a client, if it still is what it was when the change was decided on.

    Raises:
        ClientFaulty: the mend names every rule it breaks.

    """
    if found := faults(client):
        raise ClientFaulty(" ".join(found))
    row = tx.row(_GET, client_id=before.client_id)
    if row is None or _decode(row[0]) != before:
        return False
    changed = tx.run(
        _REPLACE,
        client_id=before.client_id,
        enabled=int(client.enabled),
        record=_encode(client).decode(),
        before=row[0],
        now=now,
    )
    publish(tx, NEWS, client.client_id.encode(), now)
    return changed == 1


class Clients:
    """The clients as this worker knows them; reads the store itself while its news are old."""

    def __init__(self, durable: Durable, feed: Feed) -> None:
        self._durable = durable
        self._feed = feed
        self._known: dict[str, Client] = {}
        self._proven: dict[bytes, Client] = {}
        self._origins: frozenset[str] | None = None
        self._changes = 0
        feed.subscribe(NEWS, self._changed)

    def forget(self, client_id: str) -> None:
        """This worker changed it: news to the others, too slow for who goes on with the answer here."""
        self._changed(client_id.encode())

    def _changed(self, subject: bytes | None) -> None:
        self._changes += 1
        self._origins = None
        if subject is None:
            self._known.clear()
        else:
            self._known.pop(subject.decode(), None)

    def get(self, client_id: str) -> Client | None:
        """The client, enabled or not; None where there is none."""
        if self._feed.fresh():
            found = self._known.get(client_id)
            if found is not None:
                return found
        return self.stored(client_id)

    def stored(self, client_id: str) -> Client | None:
        """The same as the store has it now, and so every worker: for what follows a change at once."""
        if not identifier(client_id):  # a NUL, for one, is nothing that PostgreSQL can be asked about
            return None
        seen = self._changes
        row = self._durable.read(lambda tx: tx.row(_GET, client_id=client_id))
        if row is None:
            return None
        client = _decode(row[0])
        if seen == self._changes:  # news that came meanwhile may be about this very record
            self._known[client_id] = client
        return client

    def origins(self) -> frozenset[str]:
        """Where the enabled clients' pages stand, as browsers write it: of their redirect URIs."""
        known = self._origins
        if known is not None and self._feed.fresh():
            return known
        seen = self._changes
        rows = self._durable.read(lambda tx: tx.rows(_ENABLED))
        uris = {uri for (record,) in rows for uri in _decode(record).redirect_uris}
        known = frozenset(origin for origin in map(origin_of, uris) if origin is not None)
        if seen == self._changes:
            self._origins = known
        return known

    def proven(self, digest: bytes) -> Client | None:
        """The client that a header of this digest proved, if its record is still the one it proved."""
        client = self._proven.get(digest)
        return client if client is not None and self.enabled(client.client_id) is client else None

    def remember(self, digest: bytes, client: Client) -> None:
        """Remember what proved a client; bounded, and forgotten as a whole."""
        if len(self._proven) >= PROVEN_MOST:
            self._proven.clear()
        self._proven[digest] = client

    def enabled(self, client_id: str) -> Client | None:
        """The client, where it is enabled."""
        client = self.get(client_id)
        return client if client is not None and client.enabled else None
