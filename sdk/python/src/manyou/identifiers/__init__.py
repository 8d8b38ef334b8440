"""Numbers of people, organisations and licences; how they are masked; how names are compared.

Pure: text in, frozen values out.  Numbers are normalised first (NFKC, trimmed, upper case), so that one
number in another spelling is one alias.  No character is guessed: ``I`` is never ``1``, nor ``O`` ``0``.
"""

from __future__ import annotations

from manyou.identifiers.errors import (
    InvalidIdentifier,
    InvalidLicenceIdentifier,
    InvalidOrganisationCode,
    InvalidResidentId,
    InvalidUscc,
)
from manyou.identifiers.holder_codes import HOLDER_CODE_TYPES, ORGANISATION_CODE_TYPES, holder_code_name
from manyou.identifiers.licence_identifier import LICENCE_OID, LicenceIdentifier
from manyou.identifiers.masks import mask_mobile, mask_name, mask_number
from manyou.identifiers.names import NameMatch, compare_names, fold_name
from manyou.identifiers.normal import normalise_number
from manyou.identifiers.resident_id import ForeignPermit, ResidentId, legacy_to_18
from manyou.identifiers.uscc import OrganisationCode, Uscc

__all__ = [
    "HOLDER_CODE_TYPES",
    "LICENCE_OID",
    "ORGANISATION_CODE_TYPES",
    "ForeignPermit",
    "InvalidIdentifier",
    "InvalidLicenceIdentifier",
    "InvalidOrganisationCode",
    "InvalidResidentId",
    "InvalidUscc",
    "LicenceIdentifier",
    "NameMatch",
    "OrganisationCode",
    "ResidentId",
    "Uscc",
    "compare_names",
    "fold_name",
    "holder_code_name",
    "legacy_to_18",
    "mask_mobile",
    "mask_name",
    "mask_number",
    "normalise_number",
]
