"""The words of the catalogue: agencies, licence types, competences, matters, use grants, coverage.

Pure values, decoded strictly from TOML or JSON; an unknown member is refused.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

__all__ = [
    "Agency",
    "Competence",
    "Coverage",
    "Definition",
    "Field",
    "HolderKind",
    "LicenceType",
    "Material",
    "Matter",
    "Mode",
    "Need",
    "Role",
    "UseGrant",
    "standing",
]

HolderKind = Literal["person", "organisation"]
Mode = Literal["consent", "mandate", "duty", "scan"]
"""How a client comes to a licence. ``own`` needs no grant; ``scan`` is a code that the holder shows."""


class _Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A strict, immutable value."""


class Field(_Value, frozen=True):
    """One field of a licence type."""

    name: str
    zh: str
    en: str
    exchange: str
    """Short name in the GB/T 36903 exchange form, where ``KZ_`` stands before it."""
    value: Literal["text", "name", "number", "uscc", "date", "amount", "choice"] = "text"
    sensitivity: Literal["plain", "personal", "sensitive"] = "plain"
    public: bool = False
    """Shown to anybody who scans a code of this type."""
    required: bool = True
    about: str = ""
    """Role of the holder whom the field describes; others see it masked. Empty: the licence itself."""
    choices: tuple[str, ...] = ()
    most: int = 400
    """Characters at most."""


class Role(_Value, frozen=True):
    """What a holder is in a licence, e.g. ``wife``."""

    code: str
    zh: str
    en: str


class LicenceType(_Value, frozen=True):
    """A kind of licence. ``code``: USCC of the body that defines it + 3 digits (GB/T 36904)."""

    code: str
    number: int
    """Its number in codes and the trust list; never given twice."""
    zh: str
    en: str
    fields: tuple[Field, ...]
    holder_kinds: tuple[HolderKind, ...]
    roles: tuple[Role, ...] = (Role("holder", "持证人", "holder"),)
    holders_most: int = 1
    public: bool = False
    """What the law publishes: the holder's name is shown in full to anybody who scans."""
    sensitive: bool = False
    """Showing it needs the higher real-name level."""
    origin: Literal["issued_here", "source_backed"] = "issued_here"
    source: str = ""
    """Name of the source that answers for a source-backed type."""

    def field(self, name: str) -> Field | None:
        """The field of that name."""
        return next((field for field in self.fields if field.name == name), None)


class Agency(_Value, frozen=True):
    """An authority, from a day to a day (None: no end), perhaps with a successor and a superior."""

    uscc: str
    number: int
    zh: str
    en: str
    region: str
    begins: date
    ends: date | None = None
    superior: str = ""
    successor: str = ""


class Competence(_Value, frozen=True):
    """Agency × type × region × period × basis. A region ending in 00 covers what lies in it."""

    agency: str
    type: str
    region: str
    begins: date
    ends: date | None = None
    basis: Literal["own", "concentrated", "delegated", "successor"] = "own"
    principal: str = ""
    """USCC of who delegated."""

    @property
    def key(self) -> str:
        """What makes two entries the same one."""
        return f"{self.agency}/{self.type}/{self.region}/{self.begins}"


class Need(_Value, frozen=True):
    """A licence type, and the fields of it that a matter looks at."""

    type: str
    fields: tuple[str, ...]


class Material(_Value, frozen=True):
    """One paper that a matter asks for: any one of ``one_of`` will do."""

    code: str
    zh: str
    en: str
    one_of: tuple[Need, ...]
    required: bool = True
    when: Literal["always", "person", "organisation"] = "always"


class Matter(_Value, frozen=True):
    """A matter (事项) of a hall: what is decided, and on which papers."""

    code: str
    zh: str
    en: str
    agency: str
    region: str
    materials: tuple[Material, ...]
    level: int = 2
    """Real-name level that applying needs."""


class UseGrant(_Value, frozen=True):
    """A use grant (用证授权): client × matter × type × fields × mode, with basis, term and daily cap."""

    client: str
    type: str
    fields: tuple[str, ...]
    legal_basis: str
    begins: date
    daily_cap: int
    matter: str = ""
    """Empty for ``scan`` only: a verifier reads what people show, whatever the matter."""
    mode: Mode = "consent"
    ends: date | None = None

    @property
    def key(self) -> str:
        """What makes two entries the same one."""
        return f"{self.client}/{self.matter}/{self.type}/{self.mode}"


class Coverage(_Value, frozen=True):
    """Type × region × period for which the library holds every licence there is."""

    type: str
    region: str
    begins: date
    ends: date | None = None

    @property
    def key(self) -> str:
        """What makes two entries the same one."""
        return f"{self.type}/{self.region}/{self.begins}"


class Definition(_Value, frozen=True):
    """A catalogue as it is written in a file."""

    agencies: tuple[Agency, ...] = ()
    types: tuple[LicenceType, ...] = ()
    competences: tuple[Competence, ...] = ()
    matters: tuple[Matter, ...] = ()
    grants: tuple[UseGrant, ...] = ()
    coverage: tuple[Coverage, ...] = ()


def standing(entry: Agency | Competence | UseGrant | Coverage, day: date) -> bool:
    """Whether the entry stands on ``day``; the last day counts."""
    return entry.begins <= day and (entry.ends is None or day <= entry.ends)
