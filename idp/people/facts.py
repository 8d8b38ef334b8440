"""People and organisations as claims need them: sealed rows read in a work, opened outside it."""

from __future__ import annotations

from dataclasses import dataclass

from holders import Fields, Register
from idp.people import records
from idp.people.person import OrganisationFacts, OrganisationStatus, PersonFacts, PersonState
from idp.people.records import EvidenceRow, OrganisationRow, PersonRow
from store import Durable

__all__ = ["Facts", "open_organisation", "open_person", "opened"]


def open_person(register: Register, row: PersonRow, level: int) -> PersonFacts:
    """Unseal a person; outside works, for the data key may have to be fetched."""
    return opened(register.fields(row.holder_key), row, level)


def opened(fields: Fields, row: PersonRow, level: int) -> PersonFacts:
    """The same, where the fields are at hand."""
    return PersonFacts(
        holder_key=row.holder_key,
        name=fields.open("name", row.name),
        number=fields.open("number", row.number),
        document_type=row.document_type,
        mobile=None if row.mobile is None else fields.open("mobile", row.mobile),
        level=level,
        state=PersonState(row.state),
        email=None if row.email is None else fields.open("email", row.email),
        address=None if row.address is None else fields.open("address", row.address),
        recorded_at=row.recorded_at,
    )


def open_organisation(register: Register, row: OrganisationRow) -> OrganisationFacts:
    """Unseal an organisation; outside works."""
    fields = register.fields(row.holder_key)
    return OrganisationFacts(
        holder_key=row.holder_key,
        name=fields.open("name", row.name),
        uscc=fields.open("uscc", row.uscc),
        status=OrganisationStatus(row.status),
    )


@dataclass(frozen=True, slots=True)
class Facts:
    """The claims source. Each call is a read of its own; never call it inside a work."""

    durable: Durable
    register: Register

    def person(self, holder_key: bytes, now: int) -> PersonFacts | None:
        """The person, or None where nobody has that key."""
        row, level = self.durable.read(
            lambda tx: (records.person(tx, holder_key), records.level(tx, holder_key, now))
        )
        return open_person(self.register, row, level) if row else None

    def evidence(self, holder_key: bytes, now: int) -> list[EvidenceRow]:
        """What stands for the person's real-name level at ``now``, the oldest first."""
        return self.durable.read(lambda tx: records.evidence_of(tx, holder_key, now))

    def organisation(self, holder_key: bytes) -> OrganisationFacts | None:
        """The organisation, or None where none has that key."""
        row = self.durable.read(lambda tx: records.organisation(tx, holder_key))
        return open_organisation(self.register, row) if row else None
