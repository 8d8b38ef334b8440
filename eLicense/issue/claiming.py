"""The first work of an issue: take serial, place in the status list and holders, once for a request."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

from eLicense.calendar import day_of
from eLicense.errors import IdempotencyKeyReused
from eLicense.issue import records
from eLicense.issue.draft import Draft
from eLicense.issue.records import Claim
from eLicense.status import records as status_records
from holders import NewHolder, Register
from holders import records as holder_records
from store import Durable, Tx

__all__ = ["Claimed", "claim"]

_LICENCE_ID_BYTES: Final = 12
_CANDIDATES: Final = 16
"""Random places tried in a list; all taken in a list that is half full happens once in 65,536 times."""
_TRIES: Final = 20
_EVIDENCE: Final = "named as holder by an issuing authority"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim, new or found again, and whom it is about, in the draft's order."""

    claim: Claim
    holders: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What the work needs and may not make itself."""

    draft: Draft
    request: bytes
    body: bytes
    licence_id: bytes
    places: tuple[int, ...]
    newcomers: tuple[NewHolder, ...]
    list_size: int
    now: int


class _RacedError(Exception):
    """The same request was claimed meanwhile: undo, so that no serial is lost, and look again."""


def claim(
    durable: Durable, register: Register, draft: Draft, request: bytes, body: bytes, list_size: int, now: int
) -> Claimed:
    """Claim for a request; the same request again gives the same claim.

    Args:
        durable: the store.
        register: whose newcomers are enrolled where a holder is new.
        draft: what is to be issued.
        request: keyed digest of the idempotency key.
        body: keyed digest of the request.
        list_size: entries of a status list that is opened now.
        now: unix seconds.

    Raises:
        IdempotencyKeyReused: the key stands for another body.

    """
    prepared = _Prepared(
        draft=draft,
        request=request,
        body=body,
        licence_id=os.urandom(_LICENCE_ID_BYTES),
        places=tuple(int.from_bytes(os.urandom(4), "big") for _ in range(_CANDIDATES)),
        newcomers=tuple(register.newcomer(holder.alias) for holder in draft.holders),
        list_size=list_size,
        now=now,
    )
    for _ in range(_TRIES):
        try:
            found = durable.write(lambda tx: _claim(tx, prepared))
        except _RacedError:
            continue
        if found is None:
            raise IdempotencyKeyReused
        return found
    raise IdempotencyKeyReused(detail="the same request raced itself too often")


def _claim(tx: Tx, prepared: _Prepared) -> Claimed | None:
    draft = prepared.draft
    standing = records.of_request(tx, draft.agency, prepared.request)
    if standing is None:
        standing = _take(tx, prepared)
    elif standing.body != prepared.body:
        return None
    holders = tuple(
        holder_records.enrol(tx, newcomer, applicant.alias, _EVIDENCE, prepared.now).holder_key
        for applicant, newcomer in zip(draft.holders, prepared.newcomers, strict=True)
    )
    return Claimed(standing, holders)


def _take(tx: Tx, prepared: _Prepared) -> Claim:
    draft = prepared.draft
    number, size = status_records.current(tx) or (0, 1)
    year = day_of(prepared.now).year
    serial = records.next_serial(tx, draft.agency, draft.type.code, year)
    for list_number in (number, number + 1, number + 2):
        if list_number > number:  # full, or none yet
            size = prepared.list_size
            status_records.open_next(tx, list_number, size, prepared.now)
        for place in prepared.places if list_number else ():
            claim = Claim(
                agency=draft.agency,
                request=prepared.request,
                body=prepared.body,
                licence_id=prepared.licence_id,
                type=draft.type.code,
                year=year,
                serial=serial,
                status_list=list_number,
                status_index=place % size,
                at=prepared.now,
            )
            if records.index_taken(tx, list_number, claim.status_index):
                continue
            if records.add(tx, claim):
                return claim
            if records.of_request(tx, draft.agency, prepared.request) is not None:
                raise _RacedError
    raise _RacedError
