"""What every use must say: purpose and business number, neither of them a person's number. Pure."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from eLicense.catalogue.values import clean_text
from eLicense.errors import PurposeNeeded
from manyou.identifiers import InvalidIdentifier, ResidentId, normalise_number

__all__ = ["UseSent", "read_purpose"]

_PURPOSE_MOST: Final = 200
_BUSINESS_NUMBER: Final = re.compile(r"[A-Za-z0-9_/.-]{1,64}")
_EIGHTEEN: Final = re.compile(r"(?<![0-9])[0-9]{17}[0-9X](?![0-9])")


class UseSent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST /uses``."""

    matter: str
    purpose: str
    business_number: str


def read_purpose(purpose: str, business_number: str, *, required: bool = True) -> tuple[str, str]:
    """Both in canonical form; traces keep them in clear, so ID numbers in them are refused.

    Raises:
        PurposeNeeded: missing where ``required``, or of another form.

    """
    text = clean_text(purpose)
    if len(text) > _PURPOSE_MOST or (not text and (required or purpose)) or _names_a_person(text):
        raise PurposeNeeded
    if (business_number or required) and not _BUSINESS_NUMBER.fullmatch(business_number):
        raise PurposeNeeded
    if _names_a_person(business_number):
        raise PurposeNeeded
    return text, business_number


def _names_a_person(text: str) -> bool:
    for found in _EIGHTEEN.findall(normalise_number(text[:128]) + " " + normalise_number(text[128:])):
        try:
            ResidentId.parse(found)
        except InvalidIdentifier:
            continue
        return True
    return False
