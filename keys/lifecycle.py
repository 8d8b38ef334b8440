"""Making, publishing, activating and retiring keys: each step one work with its event and its news.

Keys are made, sealed and given their kid outside the work; the work's guarded statement decides.
Nobody meets an unknown key: it is published (and in every worker's rings, which lag the feed by at most 2 s)
for ``publish_ahead`` seconds before it signs, and verifies for ``retire_after`` seconds after.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

import msgspec

from keys import records
from keys.errors import LicenceTypesNarrowed, NoSuchRing, NotForThisRing, RotationUnderWay
from keys.events import EpochBegun, KeyMoved, LicenceRingSet
from keys.master import MasterKey
from keys.material import make
from keys.records import RingKey
from keys.rings import PURPOSES, TRANSITIONS, State, Step, licence_ring, purpose_of
from keys.settings import KeySettings
from ledger import Event, append
from store import Durable, Tx, publish

__all__ = ["NEWS", "Lifecycle"]

NEWS = "key-ring"
"""The feed's kind of news: rings changed, read them again."""
_CODE_KID_BYTES = 2
_KID_BYTES = 9


class Lifecycle:
    """The acts on rings, over one store and one master key."""

    def __init__(self, settings: KeySettings, durable: Durable, master: MasterKey) -> None:
        """Keep what the acts need; nothing is read or written yet."""
        self._settings = settings
        self._durable = durable
        self._master = master

    def begin_all(self, now: int) -> None:
        """Give every ring of the table its first keys; rings that have them are left alone."""
        have = {(key.ring, key.algorithm) for key in self._keys() if key.state == State.ACTIVE}
        for ring, purpose in PURPOSES.items():
            for algorithm in purpose.algorithms:
                if (ring, algorithm) not in have:
                    self._make(ring, algorithm, Step.BEGIN, now)

    def rotate(self, ring: str, algorithm: str, now: int) -> str:
        """Publish a new key, to be active in ``publish_ahead`` seconds; its kid.

        Raises:
            NoSuchRing: nothing to rotate.
            NotForThisRing: the ring does not rotate, or has no such algorithm.
            RotationUnderWay: a key is pending already.
        """
        purpose = purpose_of(ring)
        if not purpose.rotates or algorithm not in purpose.algorithms:
            raise NotForThisRing(detail=f"{ring} does not rotate {algorithm}")
        if not any(key.ring == ring and key.state == State.ACTIVE for key in self._keys()):
            raise NoSuchRing(detail=ring)
        kid = self._make(ring, algorithm, Step.PUBLISH, now)
        if kid is None:
            raise RotationUnderWay(detail=f"{ring} {algorithm}")
        return kid

    def advance(self, now: int) -> int:
        """Move every key whose time has come; the number of keys moved.

        A pending key becomes active and its predecessor retiring in one work; a retiring one retired.
        """
        keys = self._keys()
        moves: list[Callable[[Tx], int]] = []
        for key in keys:
            if key.state == State.PENDING and key.activates_at <= now:
                older = [
                    each
                    for each in keys
                    if (each.ring, each.algorithm, each.state) == (key.ring, key.algorithm, State.ACTIVE)
                ]
                moves.append(self._activation(key, older, now))
            elif key.state == State.RETIRING and key.retires_at is not None and key.retires_at <= now:
                moves.append(self._retirement(key, now))
        return sum(self._durable.write(move) for move in moves)

    def retire(self, ring: str, number: int, now: int) -> bool:
        """Retire a replaced key that nothing needs; False when it is not retiring, or not long enough.

        For ``retire_after`` seconds a worker that lags may still use it.
        """
        for key in self._keys():
            since = key.retiring_at
            if (key.ring, key.number, key.state) != (ring, number, State.RETIRING) or since is None:
                continue
            if since + self._settings.retire_after <= now:
                return self._durable.write(self._retirement(key, now)) == 1
        return False

    def set_licence_ring(self, agency_uscc: str, types: frozenset[str], now: int) -> None:
        """Make an authority's ring, or let it sign more types; repeating it changes nothing.

        Raises:
            NotForThisRing: no type named.
            LicenceTypesNarrowed: a type that it has is missing.
        """
        ring = licence_ring(agency_uscc)
        if not types:
            raise NotForThisRing(detail="a licence ring names the types it may sign")
        event = LicenceRingSet(ring, agency_uscc, sorted(types)).event(now)

        def work(tx: Tx) -> frozenset[str]:
            before = records.all_licence_rings(tx).get(ring, frozenset())
            if before < types:
                records.set_licence_ring(tx, ring, agency_uscc, types, now)
                append(tx, event)
                publish(tx, NEWS, ring.encode(), now)
            return before - types

        if lost := self._durable.write(work):
            raise LicenceTypesNarrowed(detail=f"{ring} has {sorted(lost)}")
        if not any(key.ring == ring for key in self._keys()):
            self._make(ring, "ES256", Step.BEGIN, now)

    def begin_epoch(self, reason: str, now: int) -> None:
        """Refuse every value sealed so far: an old backup was restored."""
        event = EpochBegun(reason).event(now)

        def work(tx: Tx) -> None:
            records.begin_epoch(tx)
            append(tx, event)
            publish(tx, NEWS, b"epoch", now)

        self._durable.write(work)

    def _keys(self) -> list[RingKey]:
        return self._durable.read(records.all_keys)

    def _make(self, ring: str, algorithm: str, step: Step, now: int) -> str | None:
        """Make and insert a key; its kid, or None when the ring's place for that state was taken."""
        state = TRANSITIONS[None, step]
        begins = now if state == State.ACTIVE else now + self._settings.publish_ahead
        while True:
            present = self._keys()
            if any((key.ring, key.algorithm, key.state) == (ring, algorithm, state) for key in present):
                return None
            kid = _kid(ring, {key.kid for key in present})
            material, public = make(algorithm)
            key = RingKey(
                kid=kid,
                ring=ring,
                algorithm=algorithm,
                number=0,  # given by the insert
                state=state,
                created_at=now,
                activates_at=begins,
                retiring_at=None,
                retires_at=None,
                public=msgspec.json.encode(public).decode() if public else "",
                sealed=self._master.seal(kid, ring, algorithm, material),
            )
            if self._durable.write(self._insertion(key, now)):
                return kid

    def _insertion(self, key: RingKey, now: int) -> Callable[[Tx], bool]:
        event = _moved(key, State(key.state), now)

        def work(tx: Tx) -> bool:
            added = records.add(tx, key)
            if added:
                append(tx, event)
                publish(tx, NEWS, key.kid.encode(), now)
            return added

        return work

    def _activation(self, key: RingKey, older: list[RingKey], now: int) -> Callable[[Tx], int]:
        after = self._settings.retire_seal_after if key.ring == "seal" else self._settings.retire_after
        retires_at = now + after if purpose_of(key.ring).retires else None
        succeeding = [(each, _moved(each, TRANSITIONS[State.ACTIVE, Step.SUCCEED], now)) for each in older]
        event = _moved(key, TRANSITIONS[State.PENDING, Step.ACTIVATE], now)

        def work(tx: Tx) -> int:
            changed = 0
            for each, its_event in succeeding:
                if records.succeed(tx, each.kid, now, retires_at):
                    append(tx, its_event)
                    changed += 1
            if records.activate(tx, key.kid, now):
                append(tx, event)
                changed += 1
            if changed:
                publish(tx, NEWS, key.kid.encode(), now)
            return changed

        return work

    def _retirement(self, key: RingKey, now: int) -> Callable[[Tx], int]:
        event = _moved(key, TRANSITIONS[State.RETIRING, Step.RETIRE], now)

        def work(tx: Tx) -> int:
            if not records.retire(tx, key.kid, now):
                return 0
            append(tx, event)
            publish(tx, NEWS, key.kid.encode(), now)
            return 1

        return work


def _moved(key: RingKey, state: State, now: int) -> Event:
    return KeyMoved(key.kid, key.ring, key.algorithm, state).event(now)


def _kid(ring: str, taken: set[str]) -> str:
    """A kid no key ever had.

    Of a code, 2 bytes (hexadecimal here): drawn, not counted on, or a restored backup would give a kid again.
    """
    if ring == "code":
        while (kid := secrets.token_hex(_CODE_KID_BYTES)) in taken:
            continue  # 65,536 of them: a new key a day uses up half in 90 years
        return kid
    return secrets.token_urlsafe(_KID_BYTES)
