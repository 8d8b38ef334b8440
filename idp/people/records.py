"""SQL over persons, organisations, offices and evidence. Names and numbers stay sealed here.

A work does nothing but SQL, so what is read here is opened outside, by ``idp.people.facts``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from idp.people.person import STATUS_OPEN
from store import SQL, Tx

__all__ = [
    "LEVEL",
    "OFFICE_STANDS",
    "EvidenceRow",
    "OfficeRow",
    "OrganisationRow",
    "PersonRow",
    "evidence_of",
    "level",
    "office",
    "offices_between",
    "offices_of",
    "organisation",
    "person",
    "save_evidence",
    "save_office",
    "save_organisation",
    "save_person",
]


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person as stored: all but type and state sealed under the holder's data key."""

    holder_key: bytes
    document_type: str
    name: bytes
    number: bytes
    mobile: bytes | None
    state: str
    recorded_at: int
    email: bytes | None = None
    address: bytes | None = None


@dataclass(frozen=True, slots=True)
class OrganisationRow:
    """An organisation as stored: name and uscc sealed."""

    holder_key: bytes
    name: bytes
    uscc: bytes
    status: str
    recorded_at: int


@dataclass(frozen=True, slots=True)
class OfficeRow:
    """A person's office in an organisation; ``ends`` 0 means without end."""

    organisation: bytes
    person: bytes
    role: str
    begins: int
    ends: int
    recorded_at: int


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """Why a real-name level was given; ``ends`` 0 means without end."""

    holder_key: bytes
    level: int
    channel: str
    at: int
    ends: int


LEVEL: Final = (
    "(SELECT COALESCE(MAX(e.level), 0) FROM evidence e"
    " WHERE e.holder_key = {person} AND (e.ends = 0 OR e.ends > :now))"
)
"""SQL for the level of ``{person}`` at ``:now``."""

OFFICE_STANDS: Final = (
    "EXISTS (SELECT 1 FROM office o JOIN organisation g ON g.holder_key = o.organisation"  # noqa: S608 - fragments of our own
    " WHERE o.organisation = {organisation} AND o.person = {person} AND o.role = {role}"
    " AND o.begins <= :now AND (o.ends = 0 OR o.ends > :now)"
    f" AND g.status IN ({', '.join(repr(str(status)) for status in STATUS_OPEN)}))"
)
"""SQL telling whether an office stands at ``:now`` in an organisation that can be acted for."""

_PERSON = SQL(
    "SELECT holder_key, document_type, name, number, mobile, state, recorded_at, email, address FROM person"
    " WHERE holder_key = :holder_key"
)
_ORGANISATION = SQL(
    "SELECT holder_key, name, uscc, status, recorded_at FROM organisation WHERE holder_key = :holder_key"
)
_LEVEL = SQL("SELECT " + LEVEL.format(person=":holder_key"))
_SAVE_PERSON = SQL(
    "INSERT INTO person (holder_key, document_type, name, number, mobile, state, recorded_at, email, address)"
    " VALUES (:holder_key, :document_type, :name, :number, :mobile, :state, :recorded_at, :email, :address)"
    " ON CONFLICT (holder_key) DO UPDATE SET document_type = excluded.document_type, name = excluded.name,"
    " number = excluded.number, mobile = excluded.mobile, state = excluded.state,"
    " recorded_at = excluded.recorded_at, email = excluded.email, address = excluded.address"
)
_SAVE_ORGANISATION = SQL(
    "INSERT INTO organisation (holder_key, name, uscc, status, recorded_at)"
    " VALUES (:holder_key, :name, :uscc, :status, :recorded_at)"
    " ON CONFLICT (holder_key) DO UPDATE SET name = excluded.name, uscc = excluded.uscc,"
    " status = excluded.status, recorded_at = excluded.recorded_at"
)
_SAVE_OFFICE = SQL(
    "INSERT INTO office (organisation, person, role, begins, ends, recorded_at)"
    " VALUES (:organisation, :person, :role, :begins, :ends, :recorded_at)"
    " ON CONFLICT (organisation, person, role) DO UPDATE SET begins = excluded.begins,"
    " ends = excluded.ends, recorded_at = excluded.recorded_at"
    " WHERE office.begins <> excluded.begins OR office.ends <> excluded.ends"
)
_OFFICE = SQL(
    "SELECT organisation, person, role, begins, ends, recorded_at FROM office"
    " WHERE organisation = :organisation AND person = :person AND role = :role"
)
_SAVE_EVIDENCE = SQL(
    "INSERT INTO evidence (holder_key, level, channel, at, ends)"
    " VALUES (:holder_key, :level, :channel, :at, :ends)"
    " ON CONFLICT (holder_key, level, channel) DO UPDATE SET at = excluded.at, ends = excluded.ends"
)
_EVIDENCE_OF = SQL(
    "SELECT holder_key, level, channel, at, ends FROM evidence"
    " WHERE holder_key = :holder_key AND (ends = 0 OR ends > :now) ORDER BY at, level, channel"
)
_OFFICES_BETWEEN = SQL(
    "SELECT a.organisation, a.person, a.role, a.begins, a.ends, a.recorded_at FROM office a"  # noqa: S608 - fragments of our own
    " WHERE a.organisation = :organisation AND a.person = :person AND "
    + OFFICE_STANDS.format(organisation="a.organisation", person="a.person", role="a.role")
    + " ORDER BY a.begins, a.role"
)
_OFFICES_OF = SQL(
    "SELECT a.organisation, a.person, a.role, a.begins, a.ends, a.recorded_at FROM office a"  # noqa: S608 - fragments of our own
    " WHERE a.person = :person AND "
    + OFFICE_STANDS.format(organisation="a.organisation", person="a.person", role="a.role")
    + " ORDER BY a.organisation, a.begins, a.role"
)


def person(tx: Tx, holder_key: bytes) -> PersonRow | None:
    """The person, or None."""
    row = tx.row(_PERSON, holder_key=holder_key)
    return PersonRow(*row) if row else None


def organisation(tx: Tx, holder_key: bytes) -> OrganisationRow | None:
    """The organisation, or None."""
    row = tx.row(_ORGANISATION, holder_key=holder_key)
    return OrganisationRow(*row) if row else None


def level(tx: Tx, holder_key: bytes, now: int) -> int:
    """Real-name level 0–3 at ``now``."""
    row = tx.row(_LEVEL, holder_key=holder_key, now=now)
    return int(row[0]) if row else 0


def office(tx: Tx, organisation: bytes, person: bytes, role: str) -> OfficeRow | None:
    """The office, standing or ended."""
    row = tx.row(_OFFICE, organisation=organisation, person=person, role=role)
    return OfficeRow(*row) if row else None


def offices_between(tx: Tx, organisation: bytes, person: bytes, now: int) -> list[OfficeRow]:
    """Offices by which the person may act for the organisation at ``now``, oldest first."""
    rows = tx.rows(_OFFICES_BETWEEN, organisation=organisation, person=person, now=now)
    return [OfficeRow(*row) for row in rows]


def offices_of(tx: Tx, person: bytes, now: int) -> list[OfficeRow]:
    """All offices of the person that stand at ``now``."""
    return [OfficeRow(*row) for row in tx.rows(_OFFICES_OF, person=person, now=now)]


def save_person(tx: Tx, row: PersonRow) -> None:
    """Insert or replace what the registry says of a person."""
    tx.run(
        _SAVE_PERSON,
        holder_key=row.holder_key,
        document_type=row.document_type,
        name=row.name,
        number=row.number,
        mobile=row.mobile,
        state=row.state,
        recorded_at=row.recorded_at,
        email=row.email,
        address=row.address,
    )


def save_organisation(tx: Tx, row: OrganisationRow) -> None:
    """Insert or replace what the registry says of an organisation."""
    tx.run(
        _SAVE_ORGANISATION,
        holder_key=row.holder_key,
        name=row.name,
        uscc=row.uscc,
        status=row.status,
        recorded_at=row.recorded_at,
    )


def save_office(tx: Tx, row: OfficeRow) -> bool:
    """Record an office or its new term; False where nothing was new."""
    changed = tx.run(
        _SAVE_OFFICE,
        organisation=row.organisation,
        person=row.person,
        role=row.role,
        begins=row.begins,
        ends=row.ends,
        recorded_at=row.recorded_at,
    )
    return changed == 1


def evidence_of(tx: Tx, person: bytes, now: int) -> list[EvidenceRow]:
    """What stands at ``now`` for the person's level, the oldest first."""
    return [EvidenceRow(*row) for row in tx.rows(_EVIDENCE_OF, holder_key=person, now=now)]


def save_evidence(tx: Tx, row: EvidenceRow) -> None:
    """Record why a level was given; the same channel again renews it."""
    tx.run(
        _SAVE_EVIDENCE,
        holder_key=row.holder_key,
        level=row.level,
        channel=row.channel,
        at=row.at,
        ends=row.ends,
    )
