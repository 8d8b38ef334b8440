"""Lines of a registry file (pure): read and checked, each a row or the reason why not.

The columns stand in docs/registry-import.md. Every value is text; Chinese terms of the registries are
accepted beside our own words. Names keep every character in NFC: rare ones (Unicode planes 2 and 3)
included.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final, TypeVar

from idp.people.numbers import uscc_of
from idp.people.person import OFFICES, OrganisationStatus, PersonState

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "COLUMNS",
    "CONTACTS",
    "BadValue",
    "OfficeLine",
    "OrganisationLine",
    "PersonLine",
    "RegistryLine",
    "read_line",
]

V = TypeVar("V")

COLUMNS: Final = (
    "kind",
    "document_type",
    "number",
    "name",
    "mobile",
    "email",
    "address",
    "state",
    "organisation",
    "role",
    "begins",
    "ends",
)

STATES: Final = {
    "": None,
    "enabled": PersonState.ENABLED,
    "正常": PersonState.ENABLED,
    "disabled": PersonState.DISABLED,
    "停用": PersonState.DISABLED,
    "deceased": PersonState.DECEASED,
    "死亡": PersonState.DECEASED,
}
STATUSES: Final = {
    "": None,
    **{str(status): status for status in OrganisationStatus},
    "存续": OrganisationStatus.ACTIVE,
    "在业": OrganisationStatus.ACTIVE,
    "开业": OrganisationStatus.ACTIVE,
    "歇业": OrganisationStatus.SUSPENDED,
    "吊销未注销": OrganisationStatus.REVOKED,
    "吊销，未注销": OrganisationStatus.REVOKED,
    "注销": OrganisationStatus.DEREGISTERED,
    "迁出": OrganisationStatus.MOVED_OUT,
    "合并": OrganisationStatus.MERGED,
    "分立": OrganisationStatus.SPLIT,
    "个转企": OrganisationStatus.CONVERTED,
}
ROLES: Final = {**{role: role for role in OFFICES}, **{term: role for role, term in OFFICES.items()}}

CONTACTS: Final = ("mobile", "email", "address")
"""Columns that a file may leave out, and so say nothing of."""

LONGEST_NAME: Final = 100
LONGEST_ADDRESS: Final = 200
LONGEST_EMAIL: Final = 254
"""RFC 5321 section 4.5.3.1.3, without the brackets."""
_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}|\+[1-9][0-9]{6,14}")
_EMAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_CHINA: Final = timezone(timedelta(hours=8))


class BadValue(ValueError):
    """A line that is not taken over; the text is the reason, without the value."""


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person as the registry has them; ``document_type`` None where the number shows it.

    ``state`` None keeps the present one. ``mobile`` None is "no phone on file", unless it is in ``keeps``:
    the file has no such column and says nothing of phones. Likewise the other contacts.
    """

    line: int
    document_type: str | None
    number: str
    name: str
    mobile: str | None
    email: str | None
    address: str | None
    keeps: frozenset[str]
    state: PersonState | None


@dataclass(frozen=True, slots=True)
class OrganisationLine:
    """An organisation as the registry has it; ``status`` None keeps the present one."""

    line: int
    uscc: str
    name: str
    status: OrganisationStatus | None


@dataclass(frozen=True, slots=True)
class OfficeLine:
    """Whom an organisation is acted for by; ``begins`` and ``ends`` in unix seconds, 0 where open."""

    line: int
    organisation: str
    document_type: str | None
    number: str
    role: str
    begins: int
    ends: int


RegistryLine = PersonLine | OrganisationLine | OfficeLine


def read_line(line: int, values: Mapping[str, object]) -> RegistryLine:
    """The row that a line holds.

    Raises:
        BadValue: with the reason.

    """
    texts = _texts(values)
    match texts["kind"]:
        case "person":
            return PersonLine(
                line,
                texts["document_type"] or None,
                _needed(texts, "number"),
                _name(texts["name"]),
                _mobile(texts["mobile"]),
                _email(texts["email"]),
                _address(texts["address"]),
                frozenset(CONTACTS) - values.keys(),
                _one_of(STATES, texts["state"], "state"),
            )
        case "organisation":
            return OrganisationLine(
                line,
                _uscc(_needed(texts, "number"), "number"),
                _name(texts["name"]),
                _one_of(STATUSES, texts["state"], "state"),
            )
        case "office":
            begins, ends = _day(texts["begins"], "begins"), _day(texts["ends"], "ends")
            if ends and ends <= begins:
                raise BadValue("ends: not after begins")
            return OfficeLine(
                line,
                _uscc(_needed(texts, "organisation"), "organisation"),
                texts["document_type"] or None,
                _needed(texts, "number"),
                _one_of(ROLES, texts["role"], "role"),
                begins,
                ends,
            )
        case _:
            raise BadValue("kind: person, organisation or office")


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    texts = dict.fromkeys(COLUMNS, "")
    for name, value in values.items():
        if name not in texts:
            raise BadValue("a column that is not documented")
        if value is None:
            continue
        if not isinstance(value, str):
            raise BadValue(f"{name}: not text")
        if any("\ud800" <= each <= "\udfff" for each in value):
            raise BadValue(f"{name}: not UTF-8")
        texts[name] = value.strip()
    return texts


def _needed(texts: Mapping[str, str], name: str) -> str:
    if not texts[name]:
        raise BadValue(f"{name}: missing")
    return texts[name]


def _name(text: str) -> str:
    if not text:
        raise BadValue("name: missing")
    return _words(text, "name", LONGEST_NAME)


def _words(text: str, column: str, longest: int) -> str:
    words = unicodedata.normalize("NFC", text)
    if len(words) > longest:
        raise BadValue(f"{column}: more than {longest} characters")
    # Cc control, Co private use, Cn unassigned: a private-use glyph is one machine's own, no character
    if any(unicodedata.category(each) in {"Cc", "Cs", "Co"} for each in words):
        raise BadValue(f"{column}: holds a character that is none (control or private use)")
    return words


def _mobile(text: str) -> str | None:
    if not text:
        return None
    digits = re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", text))
    digits = digits.removeprefix("+86") if digits.startswith("+861") else digits
    if not _MOBILE.fullmatch(digits):
        raise BadValue("mobile: neither a mainland mobile number nor +country and digits")
    return digits


def _email(text: str) -> str | None:
    if not text:
        return None
    if len(text) > LONGEST_EMAIL or not _EMAIL.fullmatch(text):
        raise BadValue("email: no address of the form name@domain")
    return text


def _address(text: str) -> str | None:
    return _words(text, "address", LONGEST_ADDRESS) if text else None


def _uscc(text: str, name: str) -> str:
    uscc = uscc_of(text)
    if uscc is None:
        raise BadValue(f"{name}: no valid unified social credit code")
    return uscc


def _one_of(known: Mapping[str, V], text: str, name: str) -> V:
    if text not in known:
        raise BadValue(f"{name}: unknown")
    return known[text]


def _day(text: str, name: str) -> int:
    """The first second of a day in China; 0 where the field is empty."""
    if not text:
        return 0
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise BadValue(f"{name}: not a date YYYY-MM-DD") from error
    return int(datetime(day.year, day.month, day.day, tzinfo=_CHINA).timestamp())
