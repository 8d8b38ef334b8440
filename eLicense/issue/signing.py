"""The second step: sign exactly what the intent recorded, once; what a crash left behind is resumed here."""

from __future__ import annotations

import logging
from typing import Final

from eLicense.events import EventIds, LicenceIssued
from eLicense.issue import records as claims
from eLicense.licences import records
from eLicense.licences.licence import Change, Holding, Licence
from eLicense.licences.sealed import CONTENT
from eLicense.licences.states import TABLE, Operation, State
from eLicense.ports import Ports
from keys import NoSuchRing
from ledger import append
from manyou.errors import Problem
from manyou.licences import content_hash
from store import Tx

__all__ = ["Signing"]

_log = logging.getLogger(__name__)

_RESUME_AFTER: Final = 10
"""Seconds that a request has to sign its own intent before the job does."""
_RESUME_MOST: Final = 200
_GAP_AFTER: Final = 3_600
_GAP: Final = "claimed by a request that was never recorded as an intent"


class Signing:
    """Signs recorded intents."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def sign(self, licence_id: bytes, now: int) -> Licence:
        """Bring an intent to a valid licence, or find that somebody else has; the licence as it then is.

        Raises:
            TypeNotSignable: the authority's ring does not name the type.

        """
        licence, held = self._read(licence_id)
        while licence.recorded_state == State.INTENDED:
            signed = self._signature(licence, held)
            if signed is None:
                licence, held = self._rekeyed(licence)
                continue
            self._complete(licence, held, signed, now)
            licence, held = self._read(licence_id)
        return licence

    def resume(self, now: int) -> int:
        """The job: sign intents that a crash left; how many. Serials without one are explained."""
        before = now - _RESUME_AFTER
        waiting = self._ports.durable.read(lambda tx: records.intended(tx, before, _RESUME_MOST))
        done = 0
        for licence in waiting:
            try:
                self.sign(licence.id, now)
            except Problem as problem:
                # one that cannot be signed must not keep the others waiting
                _log.error("intent_not_resumed", extra={"licence": licence.id.hex(), "code": problem.code})
                continue
            done += 1
        self._ports.durable.write(lambda tx: claims.explain_gaps(tx, now - _GAP_AFTER, _GAP))
        return done

    def _read(self, licence_id: bytes) -> tuple[Licence, list[Holding]]:
        def work(tx: Tx) -> tuple[Licence | None, list[Holding]]:
            return records.by_id(tx, licence_id), records.holdings(tx, licence_id)

        licence, held = self._ports.durable.read(work)
        if licence is None:
            raise RuntimeError("an intent that was recorded is not there")
        return licence, held

    def _signature(self, licence: Licence, held: list[Holding]) -> str | None:
        """The JWS by the key that the intent names; None where that key can sign no more."""
        data = self._ports.register.fields(held[0].holder_key).open(CONTENT, held[0].content).encode()
        if content_hash(data) != licence.content_hash:
            raise RuntimeError("an intent's content is not what was recorded")
        try:
            return self._ports.keys.sign_licence(licence.agency, licence.type, data, kid=licence.key_id)
        except NoSuchRing:
            return None

    def _rekeyed(self, licence: Licence) -> tuple[Licence, list[Holding]]:
        key_id = self._ports.keys.licence_kid(licence.agency, licence.type)
        self._ports.durable.write(lambda tx: records.rekey(tx, licence, key_id))
        return self._read(licence.id)

    def _complete(self, licence: Licence, held: list[Holding], signed: str, now: int) -> bool:
        fields = self._ports.register.fields
        contents = [fields(holding.holder_key).seal(CONTENT, signed) for holding in held]
        event = LicenceIssued(identifier=licence.identifier, type=licence.type, key_id=licence.key_id)
        ids = EventIds.draw(now)
        change = Change(
            licence_id=licence.id,
            revision=1,
            operation=Operation.ISSUE,
            from_state=State.INTENDED,
            to_state=TABLE[State.INTENDED, Operation.ISSUE],
            effective_at=licence.effective_at,
            recorded_at=max(now, licence.recorded_at),
            agency=licence.agency,
            grounds=None,
        )

        def work(tx: Tx) -> bool:
            if not records.complete(tx, licence, contents, change.recorded_at):
                return False
            records.add_change(tx, change)
            for position, holding in enumerate(held):
                append(
                    tx,
                    event.event(
                        ids.nth(position),
                        now,
                        holding.holder_key,
                        actor=licence.agency,
                        client="",
                        subject=licence.id,
                    ),
                )
            return True

        return self._ports.durable.write(work)
