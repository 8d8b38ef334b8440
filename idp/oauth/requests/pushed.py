"""A pushed request (RFC 9126): kept for a while, opened until somebody has finished, spent at the end.

Its name, the ``request_uri``, is a sealed value that only its client opens and that holds its own ends. The
request itself lies in the expiring store, sealed too, where a loss costs one retry. What decides that it is
answered once is the durable marker, whose ``ends`` is read from the name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from idp.oauth.errors import InvalidRequestUri
from keys.errors import SealBroken
from store import Marker, spend
from store.spent import standing

if TYPE_CHECKING:
    from idp.oauth.engine import Engine

__all__ = ["PREFIX", "Pushed", "keep", "look", "spent"]

PREFIX: Final = "urn:ietf:params:oauth:request_uri:"
KIND: Final = "request-uri"
KEPT: Final = "pushed-request"
"""Kind of the seal around the request itself."""
ID_BYTES: Final = 16


class _Name(msgspec.Struct, frozen=True, array_like=True):
    id: bytes
    """128 random bits."""
    opens: int
    """Until then it may be opened for the first time."""
    ends: int
    """Until then whoever has opened it may finish."""


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    pairs: list[tuple[str, str]]
    signed: bool


class Pushed(msgspec.Struct, frozen=True):
    """A request that this client pushed."""

    marker: Marker
    pairs: list[tuple[str, str]]
    signed: bool
    """It was pushed as an object under the client's signature."""


_encode = msgspec.msgpack.Encoder().encode
_name = msgspec.msgpack.Decoder(_Name).decode
_kept = msgspec.msgpack.Decoder(_Kept).decode


def keep(engine: Engine, client_id: str, pairs: list[tuple[str, str]], *, signed: bool, now: int) -> str:
    """Keep a request that was found good; its ``request_uri``."""
    opens = now + engine.settings.pushed_seconds
    name = _Name(engine.entropy(ID_BYTES), opens, opens + engine.settings.begun_seconds)
    kept = engine.keys.seal(KEPT, _encode(_Kept(pairs, signed)), bound=name.id)
    engine.expiring.put(_key(name), kept.encode(), name.ends)
    return PREFIX + engine.keys.seal(KIND, _encode(name), bound=client_id.encode())


def look(engine: Engine, client_id: str, request_uri: str, *, begun: int | None, now: int) -> Pushed:
    """The request of that name.

    Args:
        engine: the engine.
        client_id: who asks now; nobody else's request opens.
        request_uri: as it came.
        begun: when it was opened first, where that is proven.
        now: unix seconds.

    Raises:
        InvalidRequestUri: not this client's, too late, lost, or answered already.

    """
    try:
        sealed = engine.keys.open(KIND, request_uri.removeprefix(PREFIX), bound=client_id.encode())
        name = _name(sealed)
    except (SealBroken, msgspec.DecodeError) as error:
        raise InvalidRequestUri(detail="does not open for this client") from error
    if name.opens <= (now if begun is None else begun) or name.ends <= now:
        raise InvalidRequestUri(detail="too late")
    kept = _opened(engine, name)
    marker = Marker(
        owner=client_id.encode(),
        kind=KIND,
        value=name.id,
        ends=name.ends,
        by=client_id.encode(),
        at=now,
        ref=b"",
    )
    if engine.durable.read(lambda tx: standing(tx, marker)) is not None:
        raise InvalidRequestUri(detail="answered already")
    return Pushed(marker, kept.pairs, kept.signed)


def _opened(engine: Engine, name: _Name) -> _Kept:
    """What lies there, if it is what we put: only what was checked counts, and a hint may be a number."""
    value = engine.expiring.get(_key(name))
    if value is None:
        raise InvalidRequestUri(detail="not in the expiring store")
    try:
        return _kept(engine.keys.open(KEPT, value.decode("ascii"), bound=name.id))
    except (SealBroken, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequestUri(detail="not what was put into the expiring store") from error


def spent(engine: Engine, pushed: Pushed) -> None:
    """It is answered now.

    Raises:
        InvalidRequestUri: another call has answered it meanwhile.

    """
    if not engine.durable.write(lambda tx: spend(tx, pushed.marker)).won:
        raise InvalidRequestUri(detail="answered meanwhile")


def _key(name: _Name) -> str:
    return "par:" + name.id.hex()
