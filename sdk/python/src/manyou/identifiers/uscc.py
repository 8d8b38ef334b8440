"""Unified social credit codes (GB 32100-2015) and the organisation codes inside them (GB 11714)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from manyou._override import override
from manyou.identifiers.check_characters import USCC_ALPHABET, organisation_check, uscc_check
from manyou.identifiers.errors import InvalidOrganisationCode, InvalidUscc
from manyou.identifiers.normal import normalise_number

__all__ = ["PACKED_BYTES", "PACKED_LIMIT", "OrganisationCode", "Uscc"]

PACKED_BYTES: Final = 12
"""31^18 < 2^96: a code packs into 12 bytes."""
PACKED_LIMIT: Final = (31**18).to_bytes(PACKED_BYTES, "big")
"""Packed codes are below this, compared as bytes."""

_SHAPE: Final = re.compile(f"[0-9A-Z][{USCC_ALPHABET}][0-9]{{6}}[{USCC_ALPHABET}]{{10}}")
_BASE_31: Final = str.maketrans(USCC_ALPHABET, "0123456789ABCDEFGHIJKLMNOPQRSTU")
_ORGANISATION_SHAPE: Final = re.compile(r"([0-9A-Z]{8})-?([0-9X])")


@dataclass(frozen=True, slots=True)
class Uscc:
    """A valid code; built by :meth:`parse` and :meth:`unpack`."""

    text: str
    """Eighteen characters of :data:`~manyou.identifiers.check_characters.USCC_ALPHABET`."""
    warnings: tuple[str, ...] = ()
    """``organisation_code_check``: the inner code's check is wrong, as it is in some early codes."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """The code that ``text`` spells; a wrong inner check is a warning, a wrong outer one an error.

        Raises:
            InvalidUscc: shape or check character is wrong.
        """
        code = normalise_number(text)
        if not _SHAPE.fullmatch(code) or code[0] not in USCC_ALPHABET:
            raise InvalidUscc(detail="shape")
        if uscc_check(code[:17]) != code[17]:
            raise InvalidUscc(detail="check character")
        right = organisation_check(code[8:16]) == code[16]
        return cls(code, () if right else ("organisation_code_check",))

    @property
    def region(self) -> str:
        """Six digits of the registering authority's region."""
        return self.text[2:8]

    @property
    def organisation_code(self) -> str:
        """The nine characters of GB 11714."""
        return self.text[8:17]

    def pack(self) -> bytes:
        """The code as a number in base 31, 12 bytes big-endian."""
        return int(self.text.translate(_BASE_31), 31).to_bytes(PACKED_BYTES, "big")

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """The code that :meth:`pack` packed.

        Raises:
            InvalidUscc: not 12 bytes, out of range, or no valid code.
        """
        if len(packed) != PACKED_BYTES or packed >= PACKED_LIMIT:
            raise InvalidUscc(detail="packed form")
        number = int.from_bytes(packed, "big")
        characters = []
        for _ in range(18):
            number, digit = divmod(number, 31)
            characters.append(USCC_ALPHABET[digit])
        return cls.parse("".join(reversed(characters)))

    @override
    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class OrganisationCode:
    """An organisation code of nine characters, without the hyphen that is often written before the last."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The code that ``text`` spells, with or without the hyphen.

        Raises:
            InvalidOrganisationCode: shape or check character is wrong.
        """
        found = _ORGANISATION_SHAPE.fullmatch(normalise_number(text))
        if found is None:
            raise InvalidOrganisationCode(detail="shape")
        body, check = found.groups()
        if organisation_check(body) != check:
            raise InvalidOrganisationCode(detail="check character")
        return cls(body + check)

    @override
    def __str__(self) -> str:
        return self.text
