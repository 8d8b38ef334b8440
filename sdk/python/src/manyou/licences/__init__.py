"""The licence's signed content: metadata of GB/T 36903 in exchange form, as a JWS of typ ``elicence+jws``.

Write: :func:`payload` (the exact bytes, and their :func:`content_hash` to record before signing), then
:func:`seal`.  Read: :func:`verify`, against the trust list, which must name the key for this licence type.
"""

from __future__ import annotations

from manyou.licences.content import (
    PERPETUAL,
    RESERVED_FIELDS,
    Holder,
    LicenceContent,
    metadata,
    read_metadata,
)
from manyou.licences.errors import LicenceIssuerUnknown, LicenceRefused, LicenceSignatureRefused
from manyou.licences.signed import (
    LONGEST,
    TYP,
    VerifiedLicence,
    content_hash,
    payload,
    read_payload,
    seal,
    verify,
)

__all__ = [
    "LONGEST",
    "PERPETUAL",
    "RESERVED_FIELDS",
    "TYP",
    "Holder",
    "LicenceContent",
    "LicenceIssuerUnknown",
    "LicenceRefused",
    "LicenceSignatureRefused",
    "VerifiedLicence",
    "content_hash",
    "metadata",
    "payload",
    "read_metadata",
    "read_payload",
    "seal",
    "verify",
]
