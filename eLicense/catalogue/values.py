"""A licence's field values against its type. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from eLicense.catalogue.model import Field, LicenceType
from eLicense.errors import FieldRefused
from manyou.errors import Problem
from manyou.identifiers import ResidentId, Uscc, normalise_number

__all__ = ["clean_text", "read_values"]

_AMOUNT: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CONTROL: Final = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})
_TURNS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NUMBER: Final = re.compile(r"[0-9A-Z][0-9A-Z()-]{3,31}")


def read_values(type_: LicenceType, values: Mapping[str, str]) -> dict[str, str]:
    """The values in the order of the type's fields, each in its canonical form.

    Raises:
        FieldRefused: a field that the type does not have, a missing one, or a value not of its form; the mend
            names the field, never the value.

    """
    unknown = sorted(set(values) - {field.name for field in type_.fields})
    if unknown:
        raise FieldRefused(f"Leave out what the licence type has no field for: {_ascii(unknown[0])}.")
    read: dict[str, str] = {}
    for field in type_.fields:
        sent = values.get(field.name, "")
        value = clean_text(sent)
        if not value:
            if field.required:
                raise FieldRefused(f"Send the field {field.name}.")
            if sent.strip():  # what was sent is signed or refused, never left out in silence
                raise FieldRefused(f"Send the field {field.name} without control characters.")
            continue
        if len(value) > field.most:
            raise FieldRefused(f"Send at most {field.most} characters in the field {field.name}.")
        read[field.name] = _read(field, value)
    return read


def clean_text(text: str) -> str:
    """Trimmed, in NFC; empty where it holds control characters other than line feeds, or turns the line.

    Marks that change the direction of writing (UAX 9 § 2) would let a hall's purpose, or a licence's field,
    read otherwise than it is recorded.
    """
    composed = unicodedata.normalize("NFC", text).strip()
    if any(
        character in _TURNS or unicodedata.category(character) in _CONTROL
        for character in composed
        if character != "\n"
    ):
        return ""
    return composed


def _read(field: Field, value: str) -> str:
    match field.value:
        case "text" | "name":
            return value
        case "date":
            if _DATE.fullmatch(value) and _is_date(value):
                return value
        case "amount":
            if _AMOUNT.fullmatch(value):
                return value
        case "choice":
            if value in field.choices:
                return value
        case "uscc":
            return _parsed(field, lambda: Uscc.parse(value).text)
        case "number":
            number = normalise_number(value)
            if len(number) == 18:
                return _parsed(field, lambda: ResidentId.parse(number).text)
            if _NUMBER.fullmatch(number):
                return number
    raise FieldRefused(f"Send the field {field.name} as a {field.value} of the documented form.")


def _parsed(field: Field, parse: Callable[[], str]) -> str:
    try:
        return parse()
    except Problem as problem:
        raise FieldRefused(
            f"Send a valid number in the field {field.name}.", detail=problem.code
        ) from problem


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _ascii(name: str) -> str:
    return name.encode("ascii", "replace").decode()[:60]
