"""A request that waits for a person: on another device (RFC 8628), or asked of them by a hall (CIBA).

What the client holds is a sealed ticket. The request itself lies in the expiring store, sealed too, at the
place that the ticket names: what is lost there costs a new request, and what somebody puts there opens as
nothing. The person's decision is written by one swap, so of two at once one counts. Whether a ticket was used
is not known here: its family and its end are the marker that the exchange spends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from idp.oauth import consent
from idp.oauth.errors import InvalidGrant
from idp.oauth.grantee import Grantee
from idp.oauth.sealed_code import SealedCode, digest_of
from idp.sessions.device import device_name
from keys.errors import SealBroken

if TYPE_CHECKING:
    from idp.oauth.engine import Engine
    from idp.oauth.requests.asking import Asking
    from idp.sessions.session import Session
    from keys import Keys
    from web.call import Call

__all__ = [
    "CIBA",
    "DEVICE",
    "Found",
    "Kind",
    "Origin",
    "Ticket",
    "Waiting",
    "allow",
    "deny",
    "find",
    "keep",
    "open_ticket",
    "seal_ticket",
]

Kind = Literal["device_code", "auth_req_id"]
DEVICE: Final[Kind] = "device_code"
CIBA: Final[Kind] = "auth_req_id"


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """What a device_code or an auth_req_id says."""

    family: bytes
    """Fixed here, before anybody has agreed, so that one ticket gives one family at most."""
    place: str
    """Where the request lies."""
    ends: int


class Origin(msgspec.Struct, frozen=True, array_like=True):
    """Where a request came from, for the person to judge."""

    address: str
    device: str

    @classmethod
    def of(cls, call: Call) -> Origin:
        """As the listener saw it, never as the caller names it."""
        return cls(call.remote, device_name(call.header("User-Agent")))


class Waiting(msgspec.Struct, frozen=True, array_like=True):
    """The request, and the decision once there is one."""

    family: bytes
    client: str
    scopes: tuple[str, ...]
    resources: tuple[int, ...]
    """Places in the client's audiences."""
    details: tuple[str, ...]
    """Canonical JSON of each."""
    at: int
    ends: int
    origin: Origin
    subject: bytes = b""
    """Whom it is addressed to; empty: whoever holds the user code."""
    message: str = ""
    """The binding message."""
    acrs: tuple[tuple[int, int], ...] = ()
    """Real-name level and login strength, any of which suffices; empty: whatever the client's policy asks."""
    notify: str = ""
    """The client's notification token, where it is to be told."""
    ticket: str = ""
    """The ticket's own text, by which that client knows the request."""
    decided: Literal["", "allow", "deny"] = ""
    code: SealedCode | None = None
    """What was agreed to, as a code says it."""

    @classmethod
    def of(cls, asking: Asking, ends: int, **more: object) -> Waiting:
        """What the checks have found good."""
        return cls(
            family=asking.engine.family_id(),
            client=asking.client.client_id,
            scopes=asking.scopes,
            resources=asking.resources,
            details=tuple(asking.details.values()),
            at=asking.now,
            ends=ends,
            origin=Origin.of(asking.call),
            **more,  # type: ignore[arg-type]
        )


class Found(msgspec.Struct, frozen=True):
    """A request as it lies in the store."""

    kind: Kind
    place: str
    waiting: Waiting
    text: bytes
    """What a swap compares."""


_encode = msgspec.msgpack.Encoder().encode
_ticket = msgspec.msgpack.Decoder(Ticket).decode
_waiting = msgspec.msgpack.Decoder(Waiting).decode


def seal_ticket(keys: Keys, kind: Kind, client_id: str, ticket: Ticket) -> str:
    """The text that the client holds."""
    return keys.seal(kind, _encode(ticket), bound=client_id.encode())


def open_ticket(keys: Keys, kind: Kind, client_id: str, text: str) -> Ticket:
    """Read a ticket that this client was given.

    Raises:
        InvalidGrant: not ours, another client's, or of another kind; which, nobody is told.

    """
    try:
        return _ticket(keys.open(kind, text, bound=client_id.encode()))
    except (SealBroken, msgspec.DecodeError) as error:
        raise InvalidGrant(detail=f"{kind} does not open for this client") from error


def _sealed(engine: Engine, kind: Kind, place: str, waiting: Waiting) -> bytes:
    return engine.keys.seal(f"waiting:{kind}", _encode(waiting), bound=place.encode()).encode()


def _key(kind: Kind, place: str) -> str:
    return f"{kind}:{place}"


def keep(engine: Engine, kind: Kind, place: str, waiting: Waiting) -> str:
    """Put the request where it waits; the client's ticket."""
    ticket = seal_ticket(engine.keys, kind, waiting.client, Ticket(waiting.family, place, waiting.ends))
    if waiting.notify:
        waiting = msgspec.structs.replace(waiting, ticket=ticket)
    engine.expiring.put(_key(kind, place), _sealed(engine, kind, place, waiting), waiting.ends)
    return ticket


def find(engine: Engine, kind: Kind, place: str) -> Found | None:
    """The request at a place; None where there is none, or none of ours."""
    text = engine.expiring.get(_key(kind, place))
    if text is None:
        return None
    try:
        plain = engine.keys.open(f"waiting:{kind}", text.decode("ascii"), bound=place.encode())
        return Found(kind, place, _waiting(plain), text)
    except (SealBroken, msgspec.DecodeError, UnicodeDecodeError):
        return None


def allow(engine: Engine, found: Found, session: Session, now: int) -> bool:
    """Record the consent and the decision, bound to this very session; False where it was decided before."""
    asked = found.waiting
    client = engine.clients.enabled(asked.client)
    if asked.decided or client is None:
        return False
    grantee = Grantee(session.holder_key, session.acting_for or b"", asked.client)
    details = {digest_of(body): body for body in asked.details}
    event_id = engine.event_id(now)
    engine.durable.write(
        lambda tx: consent.give(
            tx,
            grantee,
            scopes=frozenset(asked.scopes),
            details=details,
            first_party=client.trusted,
            now=now,
            event_id=event_id,
        )
    )
    code = SealedCode(
        family=asked.family,
        session=session.id,
        holder_key=grantee.holder_key,
        acting_for=grantee.acting_for,
        redirect=b"",
        challenge=b"",
        at=now,
        ends=asked.ends,
        scope=" ".join(asked.scopes),
        nonce="",
        resources=asked.resources,
        details=tuple(details),
    )
    return _decide(engine, found, msgspec.structs.replace(asked, decided="allow", code=code))


def deny(engine: Engine, found: Found) -> bool:
    """Record that the person said no; False where it was decided before."""
    if found.waiting.decided:
        return False
    return _decide(engine, found, msgspec.structs.replace(found.waiting, decided="deny"))


def _decide(engine: Engine, found: Found, decided: Waiting) -> bool:
    text = _sealed(engine, found.kind, found.place, decided)
    return engine.expiring.swap(_key(found.kind, found.place), found.text, text, decided.ends)
