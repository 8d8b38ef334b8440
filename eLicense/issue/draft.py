"""What an authority asks to issue: the request as sent, and the draft it becomes once all is checked. Pure.

A ``Draft`` is built by ``check`` alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

import msgspec

from eLicense.calendar import begin_of, day_of, end_of
from eLicense.catalogue.model import LicenceType
from eLicense.catalogue.snapshot import Snapshot
from eLicense.catalogue.values import clean_text, read_values
from eLicense.errors import (
    FieldRefused,
    HolderRefused,
    NotAnAuthority,
    NotCompetent,
    PeriodRefused,
    TypeNotIssuedHere,
    UnknownRegion,
    UnknownType,
)
from eLicense.licences.licence import Label
from holders import Alias
from manyou.errors import Problem
from manyou.identifiers import ORGANISATION_CODE_TYPES

__all__ = ["Applicant", "DocumentSent", "Draft", "HolderSent", "IssueSent", "check", "effect"]

_PRINTABLE = re.compile(r"[0-9A-Z()-]{4,32}")
_NAME_MOST = 120
_SHARE_MOST = 40
_LICENCE_NUMBER_MOST = 64
_DOCUMENT_MOST = 200

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class _Sent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A strict part of a request."""


class HolderSent(_Sent, frozen=True):
    """A holder as sent."""

    document_type: str
    """GB/T 36903 code: ``111`` resident identity card, ``001`` unified social credit code, …"""
    number: str
    name: str
    role: str = "holder"
    share: str = ""


class DocumentSent(_Sent, frozen=True):
    """The decision that a legal effect in the past rests on."""

    name: str
    number: str = ""


class IssueSent(_Sent, frozen=True):
    """The body of ``POST /licences``."""

    type: str
    region: str
    holders: tuple[HolderSent, ...]
    fields: dict[str, str]
    valid_from: date
    valid_until: date | None = None
    """Last day; null is 长期."""
    number: str = ""
    """Certificate number as printed; the serial where it is left out."""
    effective_at: Instant | None = None
    document: DocumentSent | None = None


@dataclass(frozen=True, slots=True)
class Applicant:
    """A holder-to-be, checked."""

    label: Label
    alias: Alias
    """By which the register finds or enrols the holder."""
    kind: str
    role: str
    share: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A licence that may be issued: authority, competence, holders and values are right."""

    type: LicenceType
    agency: str
    region: str
    holders: tuple[Applicant, ...]
    values: dict[str, str]
    valid_from: date
    valid_until: date | None
    number: str
    effective_at: int
    document: str

    @property
    def begins(self) -> int:
        """First second of the validity."""
        return begin_of(self.valid_from)

    @property
    def ends(self) -> int:
        """First second after the validity; 0 is none."""
        return end_of(self.valid_until)


AliasOf = Callable[[str, str], Alias]
"""Document type and number → alias, as ``holders.Register.alias``."""


def check(sent: IssueSent, agency: str | None, catalogue: Snapshot, alias_of: AliasOf, now: int) -> Draft:
    """The draft of a request, for the authority whose token was sent.

    Raises:
        NotAnAuthority, UnknownType, TypeNotIssuedHere, UnknownRegion, NotCompetent, HolderRefused,
        FieldRefused, PeriodRefused: in that order.

    """
    if agency is None or agency not in catalogue.agencies:
        raise NotAnAuthority
    type_ = catalogue.types.get(sent.type)
    if type_ is None:
        raise UnknownType
    if type_.origin != "issued_here":
        raise TypeNotIssuedHere
    if not (len(sent.region) == 6 and sent.region.isascii() and sent.region.isdigit()):
        raise UnknownRegion
    if not catalogue.competent(agency, type_.code, sent.region, day_of(now)):
        raise NotCompetent
    holders = _holders(sent.holders, type_, alias_of)
    values = read_values(type_, sent.fields)
    _period(sent.valid_from, sent.valid_until, now)
    return Draft(
        type=type_,
        agency=agency,
        region=sent.region,
        holders=holders,
        values=values,
        valid_from=sent.valid_from,
        valid_until=sent.valid_until,
        number=_licence_number(sent.number),
        effective_at=effect(sent.effective_at, sent.document, now),
        document=document_text(sent.document),
    )


def effect(asked: datetime | None, document: DocumentSent | None, now: int) -> int:
    """When it takes legal effect, unix seconds; our own time of recording is never asked for.

    Raises:
        PeriodRefused: in the future, or on an earlier day without the document that says so.

    """
    if asked is None:
        return now
    at = int(asked.timestamp())
    if at > now or at < 0:
        raise PeriodRefused("Leave effective_at out, or send a time that is not in the future.")
    if day_of(at) < day_of(now) and document is None:
        raise PeriodRefused("Send the document that an effect on an earlier day rests on.")
    return at


def document_text(document: DocumentSent | None) -> str:
    """Name and number of the decision in one line.

    Raises:
        PeriodRefused: no name, or too long.

    """
    if document is None:
        return ""
    name, number = clean_text(document.name), clean_text(document.number)
    text = f"{name} {number}".strip()
    if not name or len(text) > _DOCUMENT_MOST:
        raise PeriodRefused("Send the document with its name, at most 200 characters with its number.")
    return text


def _period(valid_from: date, valid_until: date | None, now: int) -> None:
    today = day_of(now)
    if valid_until is not None and valid_until < max(valid_from, today):
        raise PeriodRefused("Send a last day that is neither before the first one nor past.")
    if valid_from > today:
        # no verdict says "not yet valid": such a licence would have to be shown as what it is not
        raise PeriodRefused("Issue the licence on its first day of validity, not before.")
    if valid_from.year < 1949:
        raise PeriodRefused("Send a first day from 1949 on.")


def _licence_number(text: str) -> str:
    number = clean_text(text)
    if len(number) > _LICENCE_NUMBER_MOST or bool(text) != bool(number):
        raise FieldRefused("Send number with at most 64 characters.")
    return number


def _holders(sent: tuple[HolderSent, ...], type_: LicenceType, alias_of: AliasOf) -> tuple[Applicant, ...]:
    if not 1 <= len(sent) <= type_.holders_most:
        raise HolderRefused(f"Send 1 to {type_.holders_most} holders for this licence type.")
    holders = tuple(_holder(holder, type_, alias_of) for holder in sent)
    if len({holder.alias.indexes for holder in holders}) < len(holders):
        raise HolderRefused("Send each holder once.")
    single = [field.about for field in type_.fields if field.about]
    roles = [holder.role for holder in holders]
    if any(roles.count(role) > 1 for role in single):
        raise HolderRefused("Send one holder for each role that fields of the licence describe.")
    return holders


def _holder(sent: HolderSent, type_: LicenceType, alias_of: AliasOf) -> Applicant:
    kind = "organisation" if sent.document_type in ORGANISATION_CODE_TYPES else "person"
    if kind not in type_.holder_kinds:
        raise HolderRefused("Send a holder of a kind that this licence type is for.")
    if all(role.code != sent.role for role in type_.roles):
        raise HolderRefused("Send a role that the licence type names.")
    name, share = clean_text(sent.name), clean_text(sent.share)
    if (
        not 1 <= len(name) <= _NAME_MOST
        or len(share) > _SHARE_MOST
        or bool(share) != bool(sent.share.strip())
    ):
        raise HolderRefused("Send the holder's name (1 to 120 characters) and share (at most 40).")
    try:
        alias = alias_of(sent.document_type, sent.number)
    except Problem as problem:
        raise HolderRefused("Send a valid number of the document type.", detail=problem.code) from problem
    if not _PRINTABLE.fullmatch(alias.number):
        raise HolderRefused("Send a number of at most 32 letters and digits.")
    return Applicant(Label(name, alias.document_type, alias.number), alias, kind, sent.role, share)
