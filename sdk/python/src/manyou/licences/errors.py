"""What is wrong with a signed licence.

    Malformed
    └── LicenceRefused                 the content is not in its one form
        ├── LicenceSignatureRefused    not signed by the key that it names
        └── LicenceIssuerUnknown       the trust list names no such key for this type and issuer

All are answered as 400.
"""

from __future__ import annotations

from manyou.errors import Malformed

__all__ = ["LicenceIssuerUnknown", "LicenceRefused", "LicenceSignatureRefused"]


class LicenceRefused(Malformed):
    """The content is not in its one form; ``detail`` says where."""

    code = "licence_refused"
    mend = "Fetch the licence again from where it was issued."


class LicenceSignatureRefused(LicenceRefused):
    """Not signed by the key that it names."""

    code = "licence_signature_refused"
    mend = "Do not accept this licence; it was changed, or signed by somebody else."


class LicenceIssuerUnknown(LicenceRefused):
    """The trust list names no such key for this licence type and issuer at the time of signing."""

    code = "licence_issuer_unknown"
    mend = "Fetch the trust list again; if the issuer is still unknown, do not accept the licence."
