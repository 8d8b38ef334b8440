"""All rings as one worker holds them: read from the store whole, replaced whole, never changed.

The hot path takes the reference once and reads dictionaries: no lock.  What is made on first use (a cipher,
a private key) goes into a dictionary of the snapshot or a slot of the key; two threads store equal values.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from keys.contexts import code_context
from keys.derive import derive
from keys.errors import NoSuchRing, SealBroken
from keys.jwe import RING as ENCRYPTION
from keys.jwe import DecryptionKey
from keys.master import MasterKey
from keys.records import RingKey
from keys.rings import SECRET, State
from keys.sealed import SealingKey
from keys.settings import KeySettings
from keys.signing import SigningKey
from keys.wrapping import WrappingKey

__all__ = ["PublicKey", "Snapshot", "take"]


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key with its validity in unix seconds; ``not_after`` is None while it has no successor."""

    kid: str
    algorithm: str
    jwk: dict[str, str]
    not_before: int
    not_after: int | None
    state: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Keys by ring; see the module."""

    settings: KeySettings
    master: MasterKey
    epoch: int
    licence_types: dict[str, frozenset[str]]
    rows: list[RingKey]
    signing: dict[str, SigningKey] = field(default_factory=dict)  # by kid, in every state
    active: dict[tuple[str, str], SigningKey] = field(default_factory=dict)  # by ring and algorithm
    by_header: dict[tuple[str, bytes], SigningKey] = field(default_factory=dict)  # verifying; header and dot
    decrypting: dict[str, DecryptionKey] = field(default_factory=dict)  # by kid, not retired
    secrets: dict[str, dict[int, RingKey]] = field(default_factory=dict)  # by ring and number, not retired
    newest: dict[str, int] = field(default_factory=dict)  # ring → number of its active secret
    _opened: dict[str, bytes] = field(default_factory=dict)
    _sealing: dict[tuple[str, int], SealingKey] = field(default_factory=dict)
    _wrapping: dict[int, WrappingKey] = field(default_factory=dict)
    _macs: dict[tuple[str, str, int], hmac.HMAC] = field(default_factory=dict)
    _jwks: dict[tuple[str, ...], bytes] = field(default_factory=dict)

    def signer(self, ring: str, algorithm: str) -> SigningKey:
        """The active key.

        Raises:
            NoSuchRing: no such ring, or it has no active key of the algorithm.
        """
        found = self.active.get((ring, algorithm))
        if found is None:
            raise NoSuchRing(detail=f"{ring} {algorithm}")
        return found

    def sealing(self, kind: str, number: int | None = None) -> SealingKey:
        """The seal ring's key of a number (None: the active one) for a kind.

        Raises:
            SealBroken: no such key, or it is retired.
        """
        number = self.newest["seal"] if number is None else number
        found = self._sealing.get((kind, number))
        if found is None:
            place = (self.settings.issuer, self.settings.deployment)
            found = SealingKey(self._secret("seal", number), number, self.epoch, kind, place)
            self._sealing[kind, number] = found
        return found

    def wrapping(self, number: int | None = None) -> WrappingKey:
        """The field ring's key of a number; None: the active one."""
        number = self.newest["field"] if number is None else number
        found = self._wrapping.get(number)
        if found is None:
            found = WrappingKey(self._secret("field", number), number, self.settings.deployment)
            self._wrapping[number] = found
        return found

    def mac(self, ring: str, purpose: str, number: int, data: bytes) -> bytes:
        """HMAC-SHA-256 under a key of a secret ring, derived for the purpose; 32 bytes."""
        key = self._macs.get((ring, purpose, number))
        if key is None:
            secret = derive(self._secret(ring, number), ring, self.settings.deployment, purpose)
            key = self._macs[ring, purpose, number] = hmac.new(secret, digestmod="sha256")
        # a copy, since hmac.digest lets go of the interpreter's lock each time
        one = key.copy()
        one.update(data)
        return one.digest()

    def jwks(self, rings: tuple[str, ...]) -> bytes:
        """The JWK set (RFC 7517 section 5) of what verifies, or encrypts to us, pending keys included."""
        found = self._jwks.get(rings)
        if found is None:
            members = [
                {"use": "sig", "alg": key.algorithm, "kid": key.kid, **key.public_jwk()}
                for key in self.signing.values()
                if key.ring in rings and key.row.state != State.RETIRED
            ]
            if ENCRYPTION in rings:  # a replaced key still opens, but nobody is to use it any more
                members += [
                    {"use": "enc", "kid": key.kid, **key.public_jwk()}
                    for key in self.decrypting.values()
                    if key.row.state != State.RETIRING
                ]
            found = self._jwks[rings] = msgspec.json.encode({"keys": members})
        return found

    def public(self, ring: str, *, retired: bool) -> list[PublicKey]:
        """A ring's public keys, oldest first."""
        return [
            PublicKey(
                kid=key.kid,
                algorithm=key.algorithm,
                jwk=key.public_jwk(),
                not_before=key.row.created_at,
                not_after=key.row.retires_at,
                state=key.row.state,
            )
            for key in self.signing.values()
            if key.ring == ring and (retired or key.row.state != State.RETIRED)
        ]

    def _secret(self, ring: str, number: int) -> bytes:
        row = self.secrets.get(ring, {}).get(number)
        if row is None:
            raise SealBroken(detail=f"no key {number} in ring {ring}")
        found = self._opened.get(row.kid)
        if found is None:
            found = self._opened[row.kid] = _open(self.master, row)
        return found


def _open(master: MasterKey, row: RingKey) -> bytes:
    if row.sealed is None:
        raise NoSuchRing(detail=f"key {row.kid} of ring {row.ring} is retired")
    return master.open(row.kid, row.ring, row.algorithm, row.sealed)


def _decryption_key(master: MasterKey, row: RingKey, known: DecryptionKey | None) -> DecryptionKey:
    return known if known is not None and known.row == row else DecryptionKey(row, lambda: _open(master, row))


def _signing_key(master: MasterKey, deployment: str, row: RingKey, known: SigningKey | None) -> SigningKey:
    if known is not None:
        return known if known.row == row else known.like(row)

    def material() -> bytes:
        return _open(master, row)

    guard: Callable[[bytes], bool] | None = None
    if row.ring == "code":
        guard = code_context(bytes.fromhex(row.kid), deployment)
    return SigningKey(row, material, guard)


def take(
    settings: KeySettings,
    master: MasterKey,
    read: tuple[int, list[RingKey], dict[str, frozenset[str]]],
    before: Snapshot | None,
) -> Snapshot:
    """Build the snapshot of what was ``read`` (epoch, keys, licence rings); parsed keys are taken over."""
    epoch, rows, licence_types = read
    snapshot = Snapshot(settings, master, epoch, licence_types, rows)
    signing, decrypting = (before.signing, before.decrypting) if before else ({}, {})
    for row in rows:
        if row.algorithm == SECRET:
            if row.state != State.RETIRED:
                snapshot.secrets.setdefault(row.ring, {})[row.number] = row
            if row.state == State.ACTIVE:
                snapshot.newest[row.ring] = row.number
            continue
        if row.ring == ENCRYPTION:
            if row.state != State.RETIRED:
                snapshot.decrypting[row.kid] = _decryption_key(master, row, decrypting.get(row.kid))
            continue
        key = snapshot.signing[row.kid] = _signing_key(master, settings.deployment, row, signing.get(row.kid))
        if row.state == State.ACTIVE:
            snapshot.active[row.ring, row.algorithm] = key
        if row.state != State.RETIRED:
            for head in key.headers.values():
                snapshot.by_header[row.ring, head] = key
    return snapshot
