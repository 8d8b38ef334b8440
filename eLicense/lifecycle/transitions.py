"""Change a licence's state by the order of an authority, or because its time is over."""

from __future__ import annotations

import msgspec

from eLicense.calendar import day_of
from eLicense.catalogue import CurrentCatalogue, Snapshot
from eLicense.catalogue.values import clean_text
from eLicense.errors import NoSuchLicence, NotAnAuthority, NotCompetent, PeriodRefused, TransitionRefused
from eLicense.events import EventIds, LicenceChanged
from eLicense.issue.draft import DocumentSent, Instant, document_text, effect
from eLicense.licences import records
from eLicense.licences.licence import Change, Holding, Licence
from eLicense.licences.sealed import GROUNDS
from eLicense.licences.states import BY, Operation, State, after
from eLicense.ports import Ports
from eLicense.status import records as status_records
from holders import HolderErased
from ledger import append
from store import Tx

__all__ = ["TransitionSent", "Transitions", "relation"]

_REASON_MOST = 500
_EXPIRE_MOST = 500
_TRIES = 5


class TransitionSent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST /licences/{identifier}/transitions``."""

    operation: Operation
    reason: str
    effective_at: Instant | None = None
    document: DocumentSent | None = None
    revision: int | None = None
    """The revision that the caller has seen; another one refuses."""


class Transitions:
    """The use cases that move licences through the table of states."""

    def __init__(self, ports: Ports, catalogue: CurrentCatalogue) -> None:
        self._ports = ports
        self._catalogue = catalogue

    def order(self, agency: str | None, identifier: str, sent: TransitionSent, now: int) -> Licence:
        """Do what an authority orders; the licence as it then is.

        Raises:
            NotAnAuthority, NoSuchLicence, NotCompetent, PeriodRefused: nothing was changed.
            TransitionRefused: the state, or the revision that the caller saw, does not allow it.

        """
        catalogue = self._catalogue()
        if agency is None or not catalogue.acts(agency, day_of(now)):
            raise NotAnAuthority
        reason = clean_text(sent.reason)
        if not 1 <= len(reason) <= _REASON_MOST:
            raise TransitionRefused("Send a reason of 1 to 500 characters.")
        effective_at = effect(sent.effective_at, sent.document, now)
        grounds = msgspec.json.encode({"reason": reason, "document": document_text(sent.document)}).decode()
        for _ in range(_TRIES):  # somebody else's change in between: look again and decide again
            licence, held = self._find(identifier)
            if relation(catalogue, agency, licence.agency) not in BY.get(sent.operation, frozenset()):
                raise NotCompetent
            if effective_at < licence.effective_at:
                raise PeriodRefused("Send an effect that does not lie before the licence's own.")
            to_state = after(licence.state(now), sent.operation)
            if to_state is None or sent.revision not in {None, licence.revision}:
                raise TransitionRefused(detail=f"{sent.operation} from {licence.state(now)}")
            sealed = self._sealed(held, grounds)
            if self._move(licence, held, sent.operation, to_state, effective_at, agency, sealed, now):
                return self._find(identifier)[0]
        raise TransitionRefused(detail="changed too often meanwhile")

    def _sealed(self, held: list[Holding], grounds: str) -> bytes | None:
        """Under the first data key that is still there; None where every holder was erased."""
        for holding in held:
            try:
                return self._ports.register.fields(holding.holder_key).seal(GROUNDS, grounds)
            except HolderErased:
                continue
        return None

    def expire_due(self, now: int) -> int:
        """The job: record the end of licences whose time is over; how many."""
        due = self._ports.durable.read(lambda tx: records.due(tx, now, _EXPIRE_MOST))
        return sum(
            self._move(
                licence,
                self._ports.durable.read(lambda tx, id_=licence.id: records.holdings(tx, id_)),  # type: ignore[misc]
                Operation.EXPIRE,
                State.EXPIRED,
                licence.valid_ends,
                "",
                None,
                now,
            )
            for licence in due
        )

    def _find(self, identifier: str) -> tuple[Licence, list[Holding]]:
        def work(tx: Tx) -> tuple[Licence, list[Holding]] | None:
            licence = records.by_identifier(tx, identifier)
            return (licence, records.holdings(tx, licence.id)) if licence else None

        found = self._ports.durable.read(work)
        if found is None or found[0].recorded_state == State.INTENDED:
            raise NoSuchLicence
        return found

    def _move(
        self,
        licence: Licence,
        held: list[Holding],
        operation: Operation,
        to_state: State,
        effective_at: int,
        agency: str,
        grounds: bytes | None,
        now: int,
    ) -> bool:
        ids = EventIds.draw(now)
        event = LicenceChanged(
            identifier=licence.identifier,
            type=licence.type,
            operation=operation,
            from_state=licence.state(now),
            to_state=to_state,
            effective_at=effective_at,
            revision=licence.revision + 1,
        )

        def work(tx: Tx) -> bool:
            if not records.move(tx, licence, to_state):
                return False
            change = Change(
                licence_id=licence.id,
                revision=licence.revision + 1,
                operation=operation,
                from_state=licence.state(now),
                to_state=to_state,
                effective_at=effective_at,
                # never back, whatever a clock says
                recorded_at=max(now, records.last_recorded(tx, licence.id)),
                agency=agency,
                grounds=grounds,
            )
            records.add_change(tx, change)
            status_records.bump(tx, licence.status_list, now)
            for place, holding in enumerate(held):
                actor = agency or "system"
                append(
                    tx,
                    event.event(
                        ids.nth(place), now, holding.holder_key, actor=actor, client="", subject=licence.id
                    ),
                )
            return True

        return self._ports.durable.write(work)


def relation(catalogue: Snapshot, agency: str, issuer: str) -> str:
    """What an agency is to a licence's issuer: ``issuer`` (a successor too), ``superior``, or nothing."""
    if issuer in catalogue.answers_for(agency):
        return "issuer"
    return "superior" if agency in catalogue.above(issuer) else ""
