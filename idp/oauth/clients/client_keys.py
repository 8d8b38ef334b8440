"""The keys that a client registered, by value or at its ``jwks_uri`` (OIDC Core § 10.1).

A set of a ``jwks_uri`` is kept ten minutes, so that a key withdrawn there is good no longer than that; for a
kid that it does not hold it is fetched again, once a minute whoever asks. Workers share what was fetched
through the expiring store. A server that does not answer is the client's fault, so the error is never a 5xx;
meanwhile the last set that was read goes on for an hour.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from keys import ForeignKeySet, ForeignKeyUnknown, ForeignRefused, KeySetRefused, read_key_set, verify_foreign
from manyou.errors import Unavailable
from web.errors import NotFetched

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client
    from store import Expiring
    from web.fetching import Fetcher

__all__ = ["ClientKeys"]

FRESH_SECONDS: Final = 600
STALE_SECONDS: Final = 3600
AGAIN_SECONDS: Final = 60
"""Between two fetches for kids that a set does not hold."""
RETRY_SECONDS: Final = 10
"""After a fetch that failed."""
SETS_MOST: Final = 4096
MARK_BYTES: Final = 16
TIME_BYTES: Final = 8
WAITING_MOST: Final = 4
"""Requests that wait for one fetch; a slow server of one client takes no more of our threads."""

_read = lru_cache(1024)(read_key_set)


@dataclass(slots=True)
class _Place:
    """What one ``jwks_uri`` last gave; times in unix seconds."""

    found: ForeignKeySet | None = None
    read_at: int = 0
    failed_at: int = 0
    again_at: int = 0
    """When it was last fetched for an unknown kid."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    waiting: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(WAITING_MOST)
    )


class ClientKeys:
    """The key sets of clients as this worker knows them."""

    def __init__(self, fetcher: Fetcher, expiring: Expiring, mac: Callable[[bytes], bytes]) -> None:
        """``mac``: a keyed one, by which a worker knows what another one put into the expiring store."""
        self._fetcher = fetcher
        self._expiring = expiring
        self._mac = mac
        self._places: dict[str, _Place] = {}

    def verify(
        self,
        client: Client,
        token: str,
        *,
        algorithms: Collection[str],
        typs: Collection[str | None],
        now: int,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Header and claims of a JWT that the client signed with a key of its own.

        Raises:
            ForeignRefused: it did not; the mend names what is wrong, also with the set itself.
        """
        try:
            return verify_foreign(token, self.of(client, now), algorithms=algorithms, typs=typs)
        except ForeignKeyUnknown:
            newer = self.newer(client, now)
            if newer is None:
                raise
        return verify_foreign(token, newer, algorithms=algorithms, typs=typs)

    def of(self, client: Client, now: int) -> ForeignKeySet:
        """The client's set; its ``document`` holds the keys for encryption too.

        Raises:
            ForeignRefused: it registered none, or its server gave none.
        """
        if client.jwks_uri:
            return self._at(client.jwks_uri, now)
        if not client.jwks:
            raise ForeignRefused("Register the client's keys: jwks or jwks_uri.", detail="no keys")
        try:
            return _read(client.jwks)
        except KeySetRefused as refused:
            raise ForeignRefused(refused.mend, detail="the registered jwks") from refused

    def _at(self, uri: str, now: int) -> ForeignKeySet:
        place = self._place(uri)

        def fetch() -> None:
            if _fresh(place, now):
                return  # somebody else fetched it while we waited
            shared = self._shared(uri)
            if shared is not None and now - shared[1] < FRESH_SECONDS:
                place.found, place.read_at = shared
            elif now - place.failed_at >= RETRY_SECONDS:
                self._fetch(place, uri, now)

        if not _fresh(place, now):
            self._alone(place, fetch)
        if place.found is None or now - place.read_at >= STALE_SECONDS:
            raise ForeignRefused(
                "Serve your JWK Set at jwks_uri: public keys, by https, quickly, without redirects.",
                detail="jwks_uri",
            )
        return place.found

    def newer(self, client: Client, now: int) -> ForeignKeySet | None:
        """The set as it is now, for a key that ours lacks; None where it was asked for just before."""
        uri = client.jwks_uri
        if not uri:
            return None
        place = self._place(uri)
        before = place.found

        def fetch() -> None:
            if now - place.again_at < AGAIN_SECONDS:
                return
            place.again_at = now
            if self._first_to_ask(uri, now):
                self._fetch(place, uri, now)
                return
            shared = self._shared(uri)
            if shared is not None and shared[1] >= place.read_at:
                place.found, place.read_at = shared

        self._alone(place, fetch)
        return place.found if place.found is not before else None

    def _alone(self, place: _Place, fetch: Callable[[], None]) -> None:
        """One fetch at a time for one client; where too many wait for it already, do without."""
        if not place.waiting.acquire(blocking=False):
            return
        try:
            with place.lock:
                fetch()
        finally:
            place.waiting.release()

    def _fetch(self, place: _Place, uri: str, now: int) -> None:
        try:
            text = self._fetcher.get(uri, accept="application/jwk-set+json, application/json").body
            place.found, place.read_at = read_key_set(text), now
        except (NotFetched, KeySetRefused):
            place.failed_at = now
            return
        what = now.to_bytes(TIME_BYTES) + text
        try:
            self._expiring.put(_key(uri), self._mark(uri, what) + what, now + FRESH_SECONDS)
        except Unavailable:
            return  # each worker fetches for itself

    def _place(self, uri: str) -> _Place:
        place = self._places.get(uri)
        if place is None:
            if len(self._places) >= SETS_MOST:
                self._places.clear()
            place = self._places.setdefault(uri, _Place())
        return place

    def _shared(self, uri: str) -> tuple[ForeignKeySet, int] | None:
        """What another worker fetched, and when; the expiring store may have lost it, or not answer.

        Whoever else can write there would otherwise be any client (the store decides nothing).
        """
        try:
            held = self._expiring.get(_key(uri)) or b""
        except Unavailable:
            return None
        mark, what = held[:MARK_BYTES], held[MARK_BYTES:]
        if not what or not hmac.compare_digest(mark, self._mark(uri, what)):
            return None
        return read_key_set(what[TIME_BYTES:]), int.from_bytes(what[:TIME_BYTES])

    def _mark(self, uri: str, what: bytes) -> bytes:
        return self._mac(hashlib.sha256(uri.encode()).digest() + what)[:MARK_BYTES]

    def _first_to_ask(self, uri: str, now: int) -> bool:
        try:
            return self._expiring.bump(f"{_key(uri)}:again", now + AGAIN_SECONDS) == 1
        except Unavailable:
            return True


def _fresh(place: _Place, now: int) -> bool:
    return place.found is not None and now - place.read_at < FRESH_SECONDS


def _key(uri: str) -> str:
    return "jwks:" + hashlib.sha256(uri.encode()).hexdigest()
