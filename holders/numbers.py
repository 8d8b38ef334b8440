"""From what was typed to the number that is indexed: one document, one text, whatever its spelling.

Numbers of GB 11643's build (residents, residence permits, foreigners' permits of 18 characters) are unique
across their document types, so they share one name space and the type is read from the number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from manyou.identifiers import (
    HOLDER_CODE_TYPES,
    InvalidIdentifier,
    ResidentId,
    Uscc,
    legacy_to_18,
    normalise_number,
)

__all__ = ["Number", "read_number", "readings"]

_RESIDENT_TYPES: Final = frozenset({"111", "551", "552"})
_RESIDENT_SPACE: Final = "gb11643"
_USCC_TYPE: Final = "001"
_OTHER_PERSON: Final = "999"
_EIGHTEEN: Final = re.compile(r"[0-9]{17}[0-9X]")
_FIFTEEN: Final = re.compile(r"[0-9]{15}")
_SHORTEST: Final = 4


@dataclass(frozen=True, slots=True)
class Number:
    """A document's number, normalised.

    Attributes:
        document_type: holder code type of GB/T 36903 annex A.
        space: what the number is unique within; indexed together with it.
        look_up_only: a first-generation number of 15 digits, good for finding only.
    """

    document_type: str
    text: str
    space: str
    look_up_only: bool = False


def read_number(document_type: str, text: str, *, now: int) -> Number:
    """The number that ``text`` spells as a document of this type.

    Raises:
        InvalidIdentifier: an unknown type, or no number of it.
    """
    if document_type not in HOLDER_CODE_TYPES:
        raise InvalidIdentifier(detail="unknown document type")
    plain = normalise_number(text)
    if document_type == _USCC_TYPE:
        return Number(document_type, Uscc.parse(plain).text, _USCC_TYPE)
    if document_type == "111" and _FIFTEEN.fullmatch(plain):
        return _resident(legacy_to_18(plain, now=now), look_up_only=True)
    if document_type in _RESIDENT_TYPES:
        return _resident(ResidentId.parse(plain, now=now))
    if document_type == _OTHER_PERSON and _EIGHTEEN.fullmatch(plain):
        try:
            return _resident(ResidentId.parse(plain, now=now))
        except InvalidIdentifier:
            pass  # eighteen digits of some other document
    if len(plain) < _SHORTEST:
        raise InvalidIdentifier(detail="too short")
    return Number(document_type, plain, document_type)


def readings(text: str, *, now: int) -> list[Number]:
    """What somebody who types only a number may mean: resident or permit, organisation, other documents."""
    found = []
    for document_type in ("111", _USCC_TYPE, "414", "511", "516", _OTHER_PERSON):
        try:
            number = read_number(document_type, text, now=now)
        except InvalidIdentifier:
            continue
        if number not in found:
            found.append(number)
        if number.space in {_RESIDENT_SPACE, _USCC_TYPE}:
            break  # its check character says what it is
    return found


def _resident(parsed: ResidentId, *, look_up_only: bool = False) -> Number:
    return Number(parsed.document_type, parsed.text, _RESIDENT_SPACE, look_up_only)
