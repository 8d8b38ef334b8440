"""What there is: agencies and what they are competent for, licence types, matters, use grants, coverage.

A catalogue is declared in a file or as a ``Definition`` and loaded with :func:`load`, again and again.
"""

from __future__ import annotations

from eLicense.catalogue.current import CurrentCatalogue
from eLicense.catalogue.loading import load, read
from eLicense.catalogue.model import (
    Agency,
    Competence,
    Coverage,
    Definition,
    Field,
    LicenceType,
    Material,
    Matter,
    Need,
    Role,
    UseGrant,
)
from eLicense.catalogue.snapshot import Snapshot

__all__ = [
    "Agency",
    "Competence",
    "Coverage",
    "CurrentCatalogue",
    "Definition",
    "Field",
    "LicenceType",
    "Material",
    "Matter",
    "Need",
    "Role",
    "Snapshot",
    "UseGrant",
    "load",
    "read",
]
