"""Taking a registry over: people, organisations and offices become holders, without an account.

Safe to repeat: a row is found by its number and written only where something in it is new. A bad row is
told with its line and reason, the rest goes in. Rows go in batches of one kind, each one work, sealed and
indexed outside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Final

from holders import records as holder_records
from idp.events import OfficeRecorded, RegistryImported, event, new_id
from idp.people import records
from idp.people.facts import open_organisation, open_person
from idp.people.numbers import organisation_meant, plain
from idp.people.person import OrganisationStatus, PersonState
from idp.people.records import OfficeRow, OrganisationRow, PersonRow
from idp.people.registry_file import BadLine, read_file
from idp.people.registry_rows import CONTACTS, BadValue, OfficeLine, OrganisationLine, PersonLine
from ledger import append
from manyou.identifiers import ORGANISATION_CODE_TYPES, InvalidIdentifier, ResidentId
from store import publish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from holders import Alias, NewHolder, Register
    from idp.people.registry_rows import RegistryLine
    from ledger import Event
    from store import Durable, Tx

__all__ = ["ImportReport", "RegistryImport"]

BATCH: Final = 40
"""Rows a work: short enough that a login beside it does not wait."""
NEWS: Final = "person"
EVIDENCE: Final = "registry import"
RESIDENT_LENGTH: Final = 18
LEGACY_LENGTH: Final = 15


class HolderAppeared(Exception):
    """Undoes a batch: one of its numbers was enrolled by somebody else since it was looked up."""


@dataclass(slots=True)
class ImportReport:
    """What became of a file's rows."""

    new: int = 0
    changed: int = 0
    same: int = 0
    bad: list[BadLine] = field(default_factory=list)


_Named = tuple[PersonLine | OrganisationLine, "Alias"]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be written for one row; ``newcomer`` where its number leads to nobody yet."""

    alias: Alias
    newcomer: NewHolder | None
    row: PersonRow | OrganisationRow
    first: bool
    closes: bool
    """The change may end logins, so that every worker must hear of it."""


@dataclass(frozen=True, slots=True)
class RegistryImport:
    """The use case behind ``manyou registry import FILE``."""

    durable: Durable
    register: Register
    may_end_logins: Callable[[Tx, bytes], object]
    """Told of each holder whom a change may have logged out, in the work that makes it."""

    def run(self, file: Path, now: int) -> ImportReport:
        """Take a file over; offices come after the people and organisations that they name.

        Raises:
            RegistryFileUnreadable: nothing was taken over.

        """
        report = ImportReport()
        for batch in _batches(self._good(read_file(file), report)):
            if isinstance(batch[0], OfficeLine):
                self._offices([each for each in batch if isinstance(each, OfficeLine)], report, now)
            else:
                self._holders([each for each in batch if not isinstance(each, OfficeLine)], report, now)
        report.bad.sort(key=lambda each: each.line)
        return report

    def _good(self, lines: Iterable[RegistryLine | BadLine], report: ImportReport) -> Iterator[RegistryLine]:
        for line in lines:
            if isinstance(line, BadLine):
                report.bad.append(line)
            else:
                yield line

    def _holders(self, lines: list[PersonLine | OrganisationLine], report: ImportReport, now: int) -> None:
        named = self._named(lines, report)
        while named:  # of one number twice in a batch, the later row sees what the earlier one did
            first: dict[tuple[tuple[int, bytes], ...], _Named] = {}
            for row in named:
                first.setdefault(row[1].indexes, row)
            named = [row for row in named if first[row[1].indexes] is not row]
            self._take(list(first.values()), report, now)

    def _take(self, named: list[_Named], report: ImportReport, now: int) -> None:
        """Write what is new of rows with different numbers."""
        plans = self._plans(named, now)
        same = len(named) - len(plans)
        new, changed = sum(each.first for each in plans), sum(not each.first for each in plans)
        body = RegistryImported(new=new, changed=changed, same=same)
        told = event(body, id=new_id(now), at=now, holder_key=None, actor="operator")

        def work(tx: Tx) -> None:
            for plan in plans:
                _save(tx, plan, now)
                if plan.closes:
                    publish(tx, NEWS, plan.row.holder_key, now)
                    self.may_end_logins(tx, plan.row.holder_key)
            append(tx, told)

        if plans:
            try:
                self.durable.write(work)
            except HolderAppeared:
                # somebody enrolled one of them since we looked; now the register leads to that holder
                self._take(named, report, now)
                return
        report.new += new
        report.changed += changed
        report.same += same

    def _named(self, lines: list[PersonLine | OrganisationLine], report: ImportReport) -> list[_Named]:
        """Rows with their blind indexes."""
        named = []
        for line in lines:
            try:
                if isinstance(line, OrganisationLine):
                    alias = self.register.alias("001", line.uscc)
                else:
                    alias = self._person(line.document_type, line.number)
            except BadValue as error:
                report.bad.append(BadLine(line.line, str(error)))
                continue
            named.append((line, alias))
        return named

    def _person(self, document_type: str | None, number: str) -> Alias:
        if document_type in ORGANISATION_CODE_TYPES or organisation_meant(number) is not None:
            raise BadValue("number or document_type: of an organisation")
        try:
            if document_type is None:
                document_type = _shown_by(number)
            alias = self.register.alias(document_type, number)
        except InvalidIdentifier as error:
            raise BadValue("number: not valid for its document type") from error
        if alias.look_up_only:
            raise BadValue("number: of 15 digits, which begins nobody's record; give 18")
        return alias

    def _plans(self, named: list[tuple[PersonLine | OrganisationLine, Alias]], now: int) -> list[_Plan]:
        def look(tx: Tx) -> list[tuple[bytes | None, PersonRow | None, OrganisationRow | None]]:
            found = []
            for _, alias in named:
                holder = holder_records.find(tx, alias, now)
                key = holder or b""
                found.append((holder, records.person(tx, key), records.organisation(tx, key)))
            return found

        plans = []
        for (line, alias), (holder, person, organisation) in zip(named, self.durable.read(look), strict=True):
            if isinstance(line, PersonLine):
                plan = self._plan_person(line, alias, holder, person, now)
            else:
                plan = self._plan_organisation(line, alias, holder, organisation, now)
            if plan is not None:
                plans.append(plan)
        return plans

    def _plan_person(
        self, line: PersonLine, alias: Alias, holder: bytes | None, row: PersonRow | None, now: int
    ) -> _Plan | None:
        state = line.state or PersonState.ENABLED
        contacts = {name: getattr(line, name) for name in CONTACTS}
        if row is not None:
            known = open_person(self.register, row, 0)
            held = {name: getattr(known, name) for name in CONTACTS}
            contacts |= {name: held[name] for name in line.keeps}
            state = line.state or known.state
            before = (known.name, known.number, known.document_type, known.state)
            if before == (line.name, alias.number, alias.document_type, state) and held == contacts:
                return None
        newcomer = self.register.newcomer(alias) if holder is None else None
        fields = self.register.fields_of(newcomer) if newcomer else self.register.fields(holder or b"")
        after = PersonRow(
            holder_key=fields.holder_key,
            document_type=alias.document_type,
            name=fields.seal("name", line.name),
            number=fields.seal("number", alias.number),
            state=state,
            recorded_at=now,
            **{name: text if text is None else fields.seal(name, text) for name, text in contacts.items()},
        )
        closes = row is not None and row.state != state
        return _Plan(alias, newcomer, after, first=row is None, closes=closes)

    def _plan_organisation(
        self,
        line: OrganisationLine,
        alias: Alias,
        holder: bytes | None,
        row: OrganisationRow | None,
        now: int,
    ) -> _Plan | None:
        status = line.status or OrganisationStatus.ACTIVE
        if row is not None:
            known = open_organisation(self.register, row)
            status = line.status or known.status
            if (known.name, known.status) == (line.name, status):
                return None
        newcomer = self.register.newcomer(alias) if holder is None else None
        fields = self.register.fields_of(newcomer) if newcomer else self.register.fields(holder or b"")
        after = OrganisationRow(
            holder_key=fields.holder_key,
            name=fields.seal("name", line.name),
            uscc=fields.seal("uscc", alias.number),
            status=status,
            recorded_at=now,
        )
        closes = row is not None and row.status != status
        return _Plan(alias, newcomer, after, first=row is None, closes=closes)

    def _offices(self, lines: list[OfficeLine], report: ImportReport, now: int) -> None:
        """Record who acts for whom."""
        for line in lines:
            try:
                office, known = self._office(line, now)
            except BadValue as error:
                report.bad.append(BadLine(line.line, str(error)))
                continue
            body = OfficeRecorded(
                person=office.person.hex(), role=office.role, begins=office.begins, ends=office.ends
            )
            told = event(body, id=new_id(now), at=now, holder_key=office.organisation, actor="operator")

            def work(tx: Tx, office: OfficeRow = office, told: Event = told) -> bool:
                if not records.save_office(tx, office):
                    return False
                publish(tx, NEWS, office.person, now)
                self.may_end_logins(tx, office.person)
                append(tx, told)
                return True

            if not self.durable.write(work):
                report.same += 1
            elif known:
                report.changed += 1
            else:
                report.new += 1

    def _office(self, line: OfficeLine, now: int) -> tuple[OfficeRow, bool]:
        """The office as it is to stand, and whether there was one of that role before."""
        company = self.register.alias("001", line.organisation)
        alias = self._person(line.document_type, line.number)

        def look(tx: Tx) -> tuple[bytes | None, bytes | None]:
            organisation = holder_records.find(tx, company, now)
            person = holder_records.find(tx, alias, now)
            return (
                organisation if organisation and records.organisation(tx, organisation) else None,
                person if person and records.person(tx, person) else None,
            )

        organisation, person = self.durable.read(look)
        if organisation is None:
            raise BadValue("organisation: not in the registry; it must stand in an earlier line or file")
        if person is None:
            raise BadValue("number: no such person in the registry; it must stand in an earlier line or file")
        row = OfficeRow(organisation, person, line.role, line.begins, line.ends, now)
        known = self.durable.read(lambda tx: records.office(tx, organisation, person, line.role)) is not None
        return row, known


def _shown_by(number: str) -> str:
    """The document type that a number shows by itself.

    Raises:
        BadValue: none; the row must name it.
        InvalidIdentifier: it looks like a resident's number and is not valid.

    """
    text = plain(number)
    if len(text) == LEGACY_LENGTH and text.isdigit():
        return "111"
    if len(text) != RESIDENT_LENGTH:
        raise BadValue("document_type: missing, and the number alone does not show it")
    return ResidentId.parse(text).document_type


def _batches(lines: Iterable[RegistryLine]) -> Iterator[list[RegistryLine]]:
    """Consecutive lines of one kind, at most ``BATCH``."""
    for _, group in groupby(lines, type):
        batch: list[RegistryLine] = []
        for line in group:
            batch.append(line)
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch


def _save(tx: Tx, plan: _Plan, now: int) -> None:
    if plan.newcomer is not None:
        enrolled = holder_records.enrol(tx, plan.newcomer, plan.alias, EVIDENCE, now)
        if not enrolled.created:
            raise HolderAppeared
    if isinstance(plan.row, PersonRow):
        records.save_person(tx, plan.row)
    else:
        records.save_organisation(tx, plan.row)
