"""Serials, status indexes and the claims that hold them: tables ``licence_claim``, ``licence_serial``."""

from __future__ import annotations

from dataclasses import dataclass

from store import SQL, Tx

__all__ = ["Claim", "add", "explain_gaps", "gaps", "index_taken", "next_serial", "of_request"]

_COLUMNS = "agency, request, body, licence_id, type, year, serial, status_list, status_index, at"
# ruff: noqa: S608 - the texts are put together from our own column names
_OF_REQUEST = SQL(f"SELECT {_COLUMNS} FROM licence_claim WHERE agency = :agency AND request = :request")
_INDEX_TAKEN = SQL(
    "SELECT 1 FROM licence_claim WHERE status_list = :status_list AND status_index = :status_index"
)
_NEXT_SERIAL = SQL("""
    INSERT INTO licence_serial (agency, type, year, last) VALUES (:agency, :type, :year, 1)
    ON CONFLICT (agency, type, year) DO UPDATE SET last = licence_serial.last + 1
    RETURNING last""")
_ADD = SQL(f"""
    INSERT INTO licence_claim ({_COLUMNS}, gap)
    VALUES (:agency, :request, :body, :licence_id, :type, :year, :serial, :status_list, :status_index, :at,
        '')
    ON CONFLICT DO NOTHING""")
_EXPLAIN = SQL("""
    UPDATE licence_claim SET gap = :reason
    WHERE gap = '' AND at <= :before
    AND NOT EXISTS (SELECT 1 FROM licence WHERE licence.id = licence_claim.licence_id)""")
_GAPS = SQL("""
    SELECT serial, at, gap FROM licence_claim
    WHERE agency = :agency AND type = :type AND year = :year AND gap <> '' ORDER BY serial""")


@dataclass(frozen=True, slots=True)
class Claim:
    """One row of ``licence_claim``: a request, and the numbers that are its own for ever."""

    agency: str
    request: bytes
    body: bytes
    licence_id: bytes
    type: str
    year: int
    serial: int
    status_list: int
    status_index: int
    at: int


def of_request(tx: Tx, agency: str, request: bytes) -> Claim | None:
    """The claim of an earlier request with the same key."""
    row = tx.row(_OF_REQUEST, agency=agency, request=request)
    return Claim(*row) if row else None


def index_taken(tx: Tx, status_list: int, status_index: int) -> bool:
    """Whether a place of a status list was ever given."""
    return tx.row(_INDEX_TAKEN, status_list=status_list, status_index=status_index) is not None


def next_serial(tx: Tx, agency: str, type_: str, year: int) -> int:
    """The next serial of an authority's type in a year; undone with its work, so no number is lost."""
    row = tx.row(_NEXT_SERIAL, agency=agency, type=type_, year=year)
    return int(row[0]) if row else 0


def add(tx: Tx, claim: Claim) -> bool:
    """Record a claim; False where its request, its licence id or its place in the list stands already."""
    added = tx.run(
        _ADD,
        agency=claim.agency,
        request=claim.request,
        body=claim.body,
        licence_id=claim.licence_id,
        type=claim.type,
        year=claim.year,
        serial=claim.serial,
        status_list=claim.status_list,
        status_index=claim.status_index,
        at=claim.at,
    )
    return added > 0


def explain_gaps(tx: Tx, before: int, reason: str) -> int:
    """Say of old claims without a licence why their serials are missing; a retry still fills them."""
    return tx.run(_EXPLAIN, before=before, reason=reason)


def gaps(tx: Tx, agency: str, type_: str, year: int) -> list[tuple[int, int, str]]:
    """(serial, claimed at, why) of an authority's type in a year."""
    return [(serial, at, gap) for serial, at, gap in tx.rows(_GAPS, agency=agency, type=type_, year=year)]
