"""Keys: what the other rooms sign, seal, index and wrap with.

A :class:`Keys` holds its rings as one snapshot and starts no thread: whoever builds it subscribes
:meth:`Keys.refresh` to the feed's news of kind ``key-ring``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import Any, Final

from keys import jwe, jwt, licences, records, sealed
from keys.errors import DecryptionRefused, NotForThisRing, SealBroken, TokenRefused
from keys.lifecycle import Lifecycle
from keys.master import MasterKey, read_master_key
from keys.rings import LICENCE_PREFIX, State
from keys.settings import KeySettings
from keys.signing import Signer
from keys.snapshot import PublicKey, Snapshot, take
from keys.trust_entries import TrustEntry, entries
from keys.wrapping import wrapped_by
from store import Durable, Tx

__all__ = ["Keys", "build"]

PUBLISHED: Final = ("id-token", "authorization-response", "access-token", "encryption")
"""Rings whose public keys every client needs."""


class Keys:
    """See the module; build with :func:`build`."""

    def __init__(
        self, settings: KeySettings, durable: Durable, master: MasterKey, clock: Callable[[], int]
    ) -> None:
        """Read the rings; those of the table that have no key get their first."""
        self._settings = settings
        self._durable = durable
        self._master = master
        self._clock = clock
        self._looked_at = 0
        self._refreshing = Lock()
        self._life = Lifecycle(settings, durable, master)
        self._life.begin_all(clock())
        self._rings = self._read(None)

    def _read(self, before: Snapshot | None) -> Snapshot:
        def work(tx: Tx) -> tuple[int, list[records.RingKey], dict[str, frozenset[str]]]:
            return records.epoch(tx), records.all_keys(tx), records.all_licence_rings(tx)

        return take(self._settings, self._master, self._durable.read(work), before)

    def refresh(self) -> None:
        """Read the rings again; callers on other threads go on with the old ones until then.

        One at a time: of two that read at once the slower could put the older rings back, and nothing would
        tell of it before the next news.
        """
        with self._refreshing:
            self._rings = self._read(self._rings)

    def _look_again(self) -> bool:
        """Refresh for an unknown key, at most once a second, or strangers' kids would cost us reads."""
        now = self._clock()
        if now == self._looked_at:
            return False
        self._looked_at = now
        self.refresh()
        return True

    # signing

    def signer(self, ring: str, algorithm: str = "ES256") -> Signer:
        """The active key of a ring; it signs only what the ring is for.

        Raises:
            NotForThisRing: a licence ring; use :meth:`sign_licence`.
            NoSuchRing: no active key of that ring and algorithm.
        """
        if ring.startswith(LICENCE_PREFIX):
            raise NotForThisRing(detail="licences are signed by type")
        return self._rings.signer(ring, algorithm)

    def sign_jwt(
        self, ring: str, claims: Mapping[str, Any], *, typ: str | None = None, algorithm: str = "ES256"
    ) -> str:
        """A JWT with exactly these claims; ``typ`` None is the ring's first.

        Raises:
            NotForThisRing: the ring signs no such typ.
            NoSuchRing: no active key of that ring and algorithm.
        """
        if ring.startswith(LICENCE_PREFIX):
            raise NotForThisRing(detail="licences are signed by type")
        return jwt.sign(self._rings.signer(ring, algorithm), claims, typ)

    def verify_jwt(self, ring: str, token: str, *, typ: str | None = None, now: int) -> dict[str, Any]:
        """The claims of a token that a pending, active or retiring key of the ring signed.

        Audience and issuer are the caller's to check.

        Raises:
            TokenExpired: from ``exp`` on.
            TokenRefused: anything else that is wrong with it.
        """
        claims = self.verify_jwt_of_any_age(ring, token, typ=typ)
        jwt.check_times(claims, now)
        return claims

    def verify_jwt_of_any_age(self, ring: str, token: str, *, typ: str | None = None) -> dict[str, Any]:
        """The same without looking at times: for ``id_token_hint``, which may have expired.

        Raises:
            TokenRefused: not by a verifying key of the ring, or of another typ.
        """
        parts = jwt.split(token)
        key = jwt.find_key(self._rings, ring, parts[0])
        if key is None and self._look_again():
            key = jwt.find_key(self._rings, ring, parts[0])
        if key is None:
            raise TokenRefused(detail="unknown kid")
        return jwt.verify(key, parts, typ)

    def jwks(self, rings: tuple[str, ...] = PUBLISHED) -> bytes:
        """JWK set of what verifies for the rings, and of what others encrypt to; prebuilt."""
        return self._rings.jwks(rings)

    def verifying(self, ring: str) -> list[PublicKey]:
        """A ring's public keys, oldest first; of a licence ring retired ones too: licences outlive keys."""
        return self._rings.public(ring, retired=ring.startswith(LICENCE_PREFIX))

    def trust_entries(self) -> list[TrustEntry]:
        """The keys' part of the trust list: every key of codes, licences, status and trust, for ever."""
        return entries(self._rings)

    # encrypting

    def decrypt(self, text: str, *, alg: str = "", enc: str = "") -> str:
        """The text, mostly a nested JWT, of a compact JWE that was encrypted to a key of ours.

        ``alg`` and ``enc``, where given, are the only ones taken: those that a client registered. To encrypt
        for a client there is :func:`keys.encrypt`.

        Raises:
            DecryptionRefused: see :mod:`keys.jwe`.
        """
        kid = jwe.kid_of(text, alg=alg, enc=enc)
        key = self._rings.decrypting.get(kid)
        if key is None and self._look_again():
            key = self._rings.decrypting.get(kid)
        if key is None:
            raise DecryptionRefused(detail="unknown kid")
        return jwe.decrypt(key, text)

    # licences

    def create_licence_ring(self, agency_uscc: str, types: Iterable[str]) -> None:
        """Make an authority's ring, or add types to it; safe to repeat.

        Raises:
            LicenceTypesNarrowed: a type that it has is missing.
        """
        self._life.set_licence_ring(agency_uscc, frozenset(types), self._clock())
        self.refresh()

    def licence_kid(self, agency_uscc: str, type_code: str) -> str:
        """The key that is to sign this authority's next licence of this type: record it with the intent.

        Raises:
            TypeNotSignable: the authority's ring does not name the type, or there is no ring.
        """
        return licences.key_for(self._rings, agency_uscc, type_code, None).kid

    def sign_licence(
        self, agency_uscc: str, type_code: str, payload: bytes, *, kid: str | None = None
    ) -> str:
        """The compact JWS (typ ``elicence+jws``) of exactly the bytes that the recorded intent hashed.

        Args:
            agency_uscc: the issuing authority, which the payload names too.
            type_code: the licence type, which the payload names too.
            payload: as :func:`manyou.licences.payload` wrote it.
            kid: the key that the intent recorded; None for the active one.

        Raises:
            TypeNotSignable: the authority's ring does not name the type, or the payload names another.
            NotForThisRing: no payload of a licence of this deployment.
            NoSuchRing: ``kid`` can sign no more; record a new intent.
        """
        key = licences.key_for(self._rings, agency_uscc, type_code, kid)
        licences.judge(payload, agency_uscc, type_code, self._settings.deployment)
        return jwt.sign_payload(key, payload)

    # sealed values

    def seal(self, kind: str, plaintext: bytes, *, bound: bytes = b"") -> str:
        """Seal a value of a kind, to be opened only with the same kind and binding."""
        return self._rings.sealing(kind).seal(plaintext, bound)

    def open(self, kind: str, token: str, *, bound: bytes = b"") -> bytes:
        """The plaintext of a sealed value.

        Raises:
            SealBroken: not ours, changed, of another kind, binding or epoch, or its key has retired.
        """
        raw = sealed.unpack(token)
        number, epoch = sealed.read_head(raw)
        rings = self._rings
        if (epoch != rings.epoch or number not in rings.secrets["seal"]) and self._look_again():
            rings = self._rings
        if epoch != rings.epoch:
            raise SealBroken(detail="another epoch")
        return rings.sealing(kind, number).open(raw, bound)

    # fields, indexes, MACs

    def wrap(self, data_key: bytes, holder_key: bytes) -> bytes:
        """A holder's data key under the active field key."""
        return self._rings.wrapping().wrap(data_key, holder_key)

    def unwrap(self, wrapped: bytes, holder_key: bytes) -> bytes:
        """A holder's data key again.

        Raises:
            SealBroken: changed, another holder's, or its field key has retired.
        """
        return self._rings.wrapping(wrapped_by(wrapped)).unwrap(wrapped, holder_key)

    def wraps_with(self) -> int:
        """Number of the active field key; what another number wrapped is to be wrapped again."""
        return self._rings.newest["field"]

    def indexes_with(self) -> int:
        """Number of the active index key."""
        return self._rings.newest["blind-index"]

    def replaced(self, ring: str) -> list[int]:
        """Numbers of the retiring keys of a secret ring."""
        rows = self._rings.secrets[ring]
        return [number for number, row in rows.items() if row.state == State.RETIRING]

    def blind_index(self, purpose: str, text: str) -> tuple[int, bytes]:
        """Version and 32-byte index of a text under the active index key."""
        rings = self._rings
        number = rings.newest["blind-index"]
        return number, rings.mac("blind-index", purpose, number, text.encode())

    def blind_indexes(self, purpose: str, text: str) -> list[tuple[int, bytes]]:
        """The same under every living index key, pending ones included, newest first.

        Writers store all of them and readers look for any: two workers that have not seen the same
        rotation yet still meet in one.
        """
        rings, raw = self._rings, text.encode()
        numbers = sorted(rings.secrets["blind-index"], reverse=True)
        return [(number, rings.mac("blind-index", purpose, number, raw)) for number in numbers]

    def mac(self, purpose: str, data: bytes) -> bytes:
        """HMAC-SHA-256 for a purpose, 32 bytes, lasting: its ring does not rotate."""
        rings = self._rings
        return rings.mac("mac", purpose, rings.newest["mac"], data)

    # life

    def rotate(self, ring: str, algorithm: str = "ES256") -> str:
        """Publish a new key of a ring; :meth:`advance` makes it active when it is due. Its kid.

        Raises:
            RotationUnderWay, NotForThisRing, NoSuchRing: see :mod:`keys.lifecycle`.
        """
        kid = self._life.rotate(ring, algorithm, self._clock())
        self.refresh()
        return kid

    def advance(self, now: int) -> int:
        """The job: move every key whose time has come; the number of keys moved."""
        moved = self._life.advance(now)
        if moved:
            self.refresh()
        return moved

    def retire(self, ring: str, number: int) -> bool:
        """Retire a replaced field or index key once nothing is wrapped or indexed by it alone."""
        done = self._life.retire(ring, number, self._clock())
        if done:
            self.refresh()
        return done

    def begin_epoch(self, reason: str) -> None:
        """After an old backup was restored: every value sealed before is refused."""
        self._life.begin_epoch(reason, self._clock())
        self.refresh()


def build(settings: KeySettings, durable: Durable, clock: Callable[[], int]) -> Keys:
    """Read the master key and the rings; no threads.

    Raises:
        MasterKeyRefused: the file is missing or open to others.
    """
    master = MasterKey(read_master_key(settings.master_key_file), settings.deployment)
    return Keys(settings, durable, master, clock)
