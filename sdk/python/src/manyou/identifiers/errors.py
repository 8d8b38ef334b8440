"""What is wrong with an identifier.  The detail says which rule, never the number itself.

    Malformed
    └── InvalidIdentifier
        ├── InvalidResidentId
        ├── InvalidUscc
        ├── InvalidOrganisationCode
        └── InvalidLicenceIdentifier

All are answered as 400.
"""

from __future__ import annotations

from manyou.errors import Malformed

__all__ = [
    "InvalidIdentifier",
    "InvalidLicenceIdentifier",
    "InvalidOrganisationCode",
    "InvalidResidentId",
    "InvalidUscc",
]


class InvalidIdentifier(Malformed):
    """A number breaks a rule of its standard; ``detail`` names the rule."""

    code = "identifier_invalid"
    mend = "Check the number; every character counts."


class InvalidResidentId(InvalidIdentifier):
    """Not a number by GB 11643, nor a permit number of the same build."""

    code = "resident_id_invalid"
    mend = "Send the 18 characters of the identity document, X only in the last place."


class InvalidUscc(InvalidIdentifier):
    """Not a unified social credit code by GB 32100."""

    code = "uscc_invalid"
    mend = "Send the 18 characters of the unified social credit code; I, O, Z, S and V do not occur."


class InvalidOrganisationCode(InvalidIdentifier):
    """Not an organisation code by GB 11714."""

    code = "organisation_code_invalid"
    mend = "Send the 9 characters of the organisation code."


class InvalidLicenceIdentifier(InvalidIdentifier):
    """Not a licence identifier by GB/T 36904."""

    code = "licence_identifier_invalid"
    mend = "Send the whole licence identifier, from 1.2.156.3005.2 to its check character."
