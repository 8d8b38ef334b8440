"""The identifier of an electronic licence, GB/T 36904.

    1.2.156.3005.2 . type 21 . issuer 18 . serial 9–32 . version 3 . check 1

The type is the defining body's USCC and three digits; the check is ISO 7064 MOD 37,36 over type, issuer,
serial and version, without dots and OID root.  What we issue is strict, what others issued is read
with warnings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from manyou._override import override
from manyou.identifiers.check_characters import mod_37_36
from manyou.identifiers.errors import InvalidLicenceIdentifier, InvalidUscc
from manyou.identifiers.normal import normalise_number
from manyou.identifiers.uscc import Uscc

__all__ = ["LICENCE_OID", "LicenceIdentifier"]

LICENCE_OID: Final = "1.2.156.3005.2"

_SHAPE: Final = re.compile(
    r"1\.2\.156\.3005\.2"
    r"\.(?P<type>[0-9A-Z]{18}[0-9]{3})"
    r"\.(?P<issuer>[0-9A-Z]{18}|[0-9]{6})"
    r"\.(?P<serial>[0-9A-Z]{9,32})"
    r"\.(?P<version>[0-9]{3})"
    r"\.(?P<check>[0-9A-Z])"
)

_BODY: Final = re.compile("[0-9A-Z]{1,80}")


@dataclass(frozen=True, slots=True)
class LicenceIdentifier:
    """A licence's identifier; built by :meth:`make`, :meth:`parse` and :meth:`parse_imported`."""

    type_code: str
    """21 characters: USCC of the body that defines the type, three digits."""
    issuer: str
    """USCC of the issuing authority (a 6-digit region in some imported ones)."""
    serial: str
    """9 to 32 of ``[0-9A-Z]``."""
    version: int
    """1 to 999."""
    check: str
    warnings: tuple[str, ...] = ()
    """Of an imported identifier: ``check_character``, ``issuer_region``, ``issuer_uscc``, ``type_uscc``."""

    @classmethod
    def make(cls, type_code: str, issuer: str, serial: str, version: int = 1) -> Self:
        """A new identifier with its check character; both bodies must be named by valid USCCs.

        Raises:
            InvalidLicenceIdentifier: a part breaks the standard.
        """
        if not 1 <= version <= 999:
            raise InvalidLicenceIdentifier(detail="version")
        body = f"{type_code}{issuer}{serial}{version:03}"
        if not _BODY.fullmatch(body):
            raise InvalidLicenceIdentifier(detail="shape")
        made = cls.parse(f"{LICENCE_OID}.{type_code}.{issuer}.{serial}.{version:03}.{mod_37_36(body)}")
        if made.warnings:
            raise InvalidLicenceIdentifier(detail=", ".join(made.warnings))
        return made

    @classmethod
    def parse(cls, text: str) -> Self:
        """The identifier by the standard, in exactly this spelling; a USCC inside that is none is a warning.

        Raises:
            InvalidLicenceIdentifier: shape or check character is wrong, or a region stands for the issuer.
        """
        found = cls._read(text)
        for fault in ("check_character", "issuer_region"):
            if fault in found.warnings:
                raise InvalidLicenceIdentifier(detail=fault)
        return found

    @classmethod
    def parse_imported(cls, text: str) -> Self:
        """An identifier that another system issued: normalised, broken rules become ``warnings``.

        Raises:
            InvalidLicenceIdentifier: the parts cannot be told apart.
        """
        return cls._read(normalise_number(text))

    @classmethod
    def _read(cls, text: str) -> Self:
        found = _SHAPE.fullmatch(text)
        if found is None:
            raise InvalidLicenceIdentifier(detail="shape")
        type_code, issuer, serial, version, check = found.groups()
        if version == "000":
            raise InvalidLicenceIdentifier(detail="version")
        warnings = []
        if mod_37_36(type_code + issuer + serial + version) != check:
            warnings.append("check_character")
        if not _is_uscc(type_code[:18]):
            warnings.append("type_uscc")
        if len(issuer) == 6:
            warnings.append("issuer_region")
        elif not _is_uscc(issuer):
            warnings.append("issuer_uscc")
        return cls(type_code, issuer, serial, int(version), check, tuple(warnings))

    def next_version(self) -> Self:
        """The identifier of the same licence's next version.

        Raises:
            InvalidLicenceIdentifier: there are 999 already.
        """
        return self.make(self.type_code, self.issuer, self.serial, self.version + 1)

    @override
    def __str__(self) -> str:
        return f"{LICENCE_OID}.{self.type_code}.{self.issuer}.{self.serial}.{self.version:03}.{self.check}"


def _is_uscc(text: str) -> bool:
    try:
        Uscc.parse(text)
    except InvalidUscc:
        return False
    return True
