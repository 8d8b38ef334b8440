"""Numbers of 18 characters with the check of GB 11643: residents, residence permits, foreigners' permits.

A right check digit proves little, so impossible and future birth dates are refused, and so is an unknown
province.  County codes die when counties merge while numbers live on: no list of counties is asked.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final, Literal, Self

from manyou._override import override
from manyou.identifiers.check_characters import mod_11_2
from manyou.identifiers.errors import InvalidResidentId
from manyou.identifiers.normal import normalise_number

__all__ = ["ForeignPermit", "ResidentId", "ResidentKind", "legacy_to_18"]

ResidentKind = Literal["resident", "hk_permit", "mo_permit", "tw_permit", "foreign_permit"]

_SHAPE: Final = re.compile(r"[0-9]{17}[0-9X]")
_LEGACY_SHAPE: Final = re.compile(r"[0-9]{15}")
_FOREIGN_15_SHAPE: Final = re.compile(r"[A-Z]{3}[0-9]{12}")

# GB/T 2260, two digits; 81 to 83 occur only as the permits of GB 11643's build below.
_PROVINCE: Final = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71")
_PERMIT_REGIONS: Final[dict[str, ResidentKind]] = {
    "810000": "hk_permit",
    "820000": "mo_permit",
    "830000": "tw_permit",
}
_DOCUMENT_TYPES: Final[dict[ResidentKind, str]] = {
    "resident": "111",
    "hk_permit": "551",
    "mo_permit": "551",
    "tw_permit": "552",
    "foreign_permit": "999",
}
_CHINA: Final = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class ResidentId:
    """A valid number of 18 characters; built by :meth:`parse` alone."""

    text: str
    """Normalised: 17 ASCII digits and a digit or ``X``."""
    kind: ResidentKind
    birth: date

    @classmethod
    def parse(cls, text: str, *, now: int | None = None) -> Self:
        """The number that ``text`` spells, in any spelling that :func:`normalise_number` makes one.

        Args:
            now: unix seconds, against which a birth date is in the future (on China's calendar); the clock
                of the machine where it is left out.

        Raises:
            InvalidResidentId: shape, check character, province or birth date is wrong.
        """
        number = normalise_number(text)
        if not _SHAPE.fullmatch(number):
            raise InvalidResidentId(detail="shape")
        if mod_11_2(number[:17]) != number[17]:
            raise InvalidResidentId(detail="check character")
        kind = _kind(number)
        today = datetime.fromtimestamp(time.time() if now is None else now, UTC).astimezone(_CHINA).date()
        return cls(number, kind, _birth(number[6:14], today))

    @property
    def region(self) -> str:
        """Six digits of the place of first registration (for foreigners: acceptance and country)."""
        return self.text[:6]

    @property
    def sex(self) -> Literal["M", "F"]:
        """By the sequence's last digit: odd is male."""
        return "M" if int(self.text[16]) % 2 else "F"

    @property
    def document_type(self) -> str:
        """Holder code type of GB/T 36903 annex A, with the extensions seen for permits."""
        return _DOCUMENT_TYPES[self.kind]

    @override
    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class ForeignPermit:
    """A foreign permanent resident's card of 15 characters; those of 18 are a :class:`ResidentId`."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The number; its inner check is not public, so only the shape is looked at.

        Raises:
            InvalidResidentId: not three letters and twelve digits.
        """
        number = normalise_number(text)
        if not _FOREIGN_15_SHAPE.fullmatch(number):
            raise InvalidResidentId(detail="shape of a foreign permit")
        return cls(number)

    @override
    def __str__(self) -> str:
        return self.text


def legacy_to_18(text: str, *, now: int | None = None) -> ResidentId:
    """The number of 18 characters that a first-generation number of 15 digits became.

    A way to look up an alias only: no account begins with 15 digits.

    Raises:
        InvalidResidentId: not 15 digits, or the number they become is not valid.
    """
    number = normalise_number(text)
    if not _LEGACY_SHAPE.fullmatch(number):
        raise InvalidResidentId(detail="shape of a first-generation number")
    body = number[:6] + "19" + number[6:]
    return ResidentId.parse(body + mod_11_2(body), now=now)


def _kind(number: str) -> ResidentKind:
    if number[0] == "9":
        return "foreign_permit"
    permit = _PERMIT_REGIONS.get(number[:6])
    if permit is not None:
        return permit
    if not _PROVINCE.match(number):
        raise InvalidResidentId(detail="province")
    return "resident"


def _birth(digits: str, today: date) -> date:
    try:
        birth = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError as error:
        raise InvalidResidentId(detail="birth date does not exist") from error
    if birth > today:
        raise InvalidResidentId(detail="birth date in the future")
    return birth
