"""A use: token and grant are checked, every holder's trace is written, and only then is anything opened.

Steps:
    1. the request says what for (``read_purpose``) and the token's consent covers exactly that;
    2. grants of client and matter; none, and every other refusal from here on, is traced as well;
    3. sources are asked for source-backed types;
    4. one work: count against the daily caps, read the licences, append one event for each holder; a licence
       of a sensitive type that somebody known less well has refuses the whole;
    5. after its commit: open, mask, answer. With the trace blocked step 4 fails, and nothing is opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from eLicense.access import holder_of, short_of, short_of_high
from eLicense.calendar import day_number, day_of
from eLicense.catalogue import CurrentCatalogue, Matter, Snapshot, UseGrant
from eLicense.errors import (
    DailyCapReached,
    SourceDown,
    UnknownMatter,
    UseNotConsented,
    UseNotGranted,
)
from eLicense.events import EventIds, LicenceUsed, UseRefused
from eLicense.licences import records
from eLicense.licences.licence import Holding, Licence
from eLicense.ports import Ports, SourceAnswer
from eLicense.settings import LicenceSettings
from eLicense.sharing.answers import Outcome, answer_for
from eLicense.sharing.asked import UseSent, read_purpose
from eLicense.sharing.caps import count
from eLicense.sharing.detail_type import DETAIL_TYPE
from eLicense.sharing.disclosed import Disclosed
from eLicense.sharing.disclosure import Wanted, agreed_fields, wanted
from holders import records as holder_records
from ledger import append
from manyou.errors import Forbidden
from store import Tx
from web import VerifiedAccess
from web.challenges import StepUp

__all__ = ["Uses"]

_LICENCES_MOST: Final = 200
_MODE: Final = "consent"


@dataclass(frozen=True, slots=True)
class _Use:
    """A use that is allowed, up to the daily cap."""

    access: VerifiedAccess
    subject: bytes
    matter: Matter
    materials: tuple[Wanted, ...]
    purpose: str
    business_number: str
    sources: dict[str, SourceAnswer | None]
    barred: Forbidden | StepUp | None
    """Why no licence of a sensitive type may go out."""
    ids: EventIds
    now: int


class _UndoneError(Exception):
    """Undoes the work, so that no grant is counted for a use that did not happen."""

    def __init__(self, refusal: Forbidden | StepUp) -> None:
        super().__init__()
        self.refusal = refusal


class Uses:
    """The use case behind ``POST /uses``."""

    def __init__(
        self, settings: LicenceSettings, ports: Ports, catalogue: CurrentCatalogue, disclosed: Disclosed
    ) -> None:
        self._settings = settings
        self._ports = ports
        self._catalogue = catalogue
        self._disclosed = disclosed

    def use(self, access: VerifiedAccess, sent: UseSent, now: int) -> dict[str, Any]:
        """The matter's materials with their answers and the granted fields.

        Raises:
            PurposeNeeded, UnknownMatter: the request says nothing that could be traced.
            UseNotConsented, UseNotGranted, LevelTooLow, StepUp, DailyCapReached: refused, and traced.
            Unavailable: the trace cannot be written; then nothing goes out.

        """
        purpose, number = read_purpose(sent.purpose, sent.business_number)
        subject, catalogue = holder_of(access), self._catalogue()
        matter = catalogue.matters.get(sent.matter)
        if matter is None:
            raise UnknownMatter
        kind = "organisation" if access.acting_for else "person"
        materials = wanted(catalogue, access.client, matter, kind, day_of(now))
        agreed = agreed_fields(wanted(catalogue, access.client, matter, None, day_of(now)))
        refusal = _refusal(access, matter, materials, purpose, number, agreed, now)
        use = _Use(
            access=access,
            subject=subject,
            matter=matter,
            materials=materials,
            purpose=purpose,
            business_number=number,
            sources=self._ask_sources(materials, subject, now) if refusal is None else {},
            barred=short_of_high(access, self._settings, now),
            ids=EventIds.draw(now),
            now=now,
        )
        if refusal is not None:
            raise self._refused(use, refusal)
        try:
            outcomes = self._ports.durable.write(lambda tx: _record(tx, use, catalogue))
        except _UndoneError as undone:
            raise self._refused(use, undone.refusal) from None
        return self._disclosed.answer(matter, outcomes, use.business_number, catalogue, now)

    def _ask_sources(
        self, materials: tuple[Wanted, ...], subject: bytes, now: int
    ) -> dict[str, SourceAnswer | None]:
        said: dict[str, SourceAnswer | None] = {}
        for type_ in {ask.type.code: ask.type for each in materials for ask in each.asks}.values():
            source = self._ports.sources.get(type_.source)
            if type_.origin != "source_backed" or source is None:
                continue
            try:
                said[type_.code] = source.ask(type_.code, subject, now)
            except SourceDown:
                continue
        return said

    def _refused(self, use: _Use, refusal: Forbidden | StepUp) -> Forbidden | StepUp:
        """Write the refusal into the holder's trace; it is answered only once that is durable."""
        event = UseRefused(
            mode=_MODE,
            matter=use.matter.code,
            purpose=use.purpose,
            business_number=use.business_number,
            reason=refusal.code,
            client_name=use.access.client_name,
        ).event(use.ids.nth(0), use.now, use.subject, actor="client", client=use.access.client, subject=b"")
        self._ports.durable.write(lambda tx: append(tx, event))
        return refusal


def _refusal(
    access: VerifiedAccess,
    matter: Matter,
    materials: tuple[Wanted, ...],
    purpose: str,
    number: str,
    agreed: str,
    now: int,
) -> Forbidden | StepUp | None:
    wanted_detail = {
        "type": DETAIL_TYPE,
        "matter": matter.code,
        "purpose": purpose,
        "business_number": number,
    }
    consented = [each for each in access.authorization_details if wanted_detail.items() <= each.items()]
    if not consented:
        return UseNotConsented()
    if not any(material.asks for material in materials):
        return UseNotGranted()
    if all(each.get("fields") != agreed for each in consented):
        return UseNotConsented("Ask the holder again: other fields may go out than were agreed to.")
    return short_of(access, matter.level, now)


def _record(tx: Tx, use: _Use, catalogue: Snapshot) -> tuple[Outcome, ...]:
    """Count, read, answer, trace: all or nothing."""
    grants: dict[str, UseGrant] = {
        ask.grant.key: ask.grant for material in use.materials for ask in material.asks
    }
    for key in sorted(grants):  # one order for all, or two uses could wait for each other
        if not count(tx, grants[key], day_number(use.now)):
            raise _UndoneError(DailyCapReached())
    file: list[tuple[Licence, Holding]] = [
        pair
        for key in holder_records.family(tx, use.subject)
        for pair in records.file_of(tx, key, _LICENCES_MOST)
    ]
    outcomes = tuple(
        answer_for(material, use.matter, catalogue, file, use.sources, use.now) for material in use.materials
    )
    if use.barred and any(held.ask.type.sensitive for each in outcomes for held in each.held):
        raise _UndoneError(use.barred)
    number = 0
    for outcome in outcomes:
        for holder_key, subject, event in _events(tx, use, outcome):
            append(
                tx,
                event.event(
                    use.ids.nth(number),
                    use.now,
                    holder_key,
                    actor="client",
                    client=use.access.client,
                    subject=subject,
                ),
            )
            number += 1
    return outcomes


def _events(tx: Tx, use: _Use, outcome: Outcome) -> list[tuple[bytes, bytes, LicenceUsed]]:
    """(holder, licence, event): each holder of each licence; the asker alone where nothing was found."""

    def used(type_code: str, fields: tuple[str, ...]) -> LicenceUsed:
        return LicenceUsed(
            type=type_code,
            mode=_MODE,
            matter=use.matter.code,
            purpose=use.purpose,
            business_number=use.business_number,
            fields=fields,
            client_name=use.access.client_name,
            answer=outcome.answer,
        )

    found: list[tuple[bytes, bytes, LicenceUsed]] = []
    for held in outcome.held:
        event = used(held.ask.type.code, tuple(field.name for field in held.ask.fields))
        if held.licence is None:
            found.append((use.subject, b"", event))
            continue
        licence_id = held.licence.id
        found += [(each.holder_key, licence_id, event) for each in records.holdings(tx, licence_id)]
    if not found and outcome.wanted.asks:
        found.append((use.subject, b"", used(outcome.wanted.asks[0].type.code, ())))
    return found
