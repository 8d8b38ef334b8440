"""The client's certificate as a proxy hands it on, for the certificate ended its TLS connection, not ours.

Two forms are read: the percent-encoded PEM of nginx (``$ssl_client_escaped_cert``), and the Client-Cert of
RFC 9440, base64 between colons. Whose it is and whether it is trusted, others judge.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import Final
from urllib.parse import unquote

from web.errors import CertificateUnreadable

__all__ = ["read_certificate"]

LONGEST: Final = 32_768
"""Characters; a certificate of three kilobytes, percent-encoded, has a quarter of it."""
_BEGIN: Final = "-----BEGIN CERTIFICATE-----"
_END: Final = "-----END CERTIFICATE-----"


def read_certificate(text: str) -> bytes:
    """The DER of the one certificate in a header.

    Raises:
        CertificateUnreadable: too long, neither form, or more than one.

    """
    if len(text) > LONGEST:
        raise CertificateUnreadable(detail="too long")
    encoded = text.strip()
    if len(encoded) > 1 and encoded[0] == encoded[-1] == ":":  # RFC 9440 section 2.1, a Byte Sequence
        encoded = encoded[1:-1]
    else:
        pem = unquote(encoded).strip()
        if not (pem.startswith(_BEGIN) and pem.endswith(_END)):
            raise CertificateUnreadable(detail="neither PEM nor RFC 9440")
        encoded = "".join(pem[len(_BEGIN) : -len(_END)].split())
    try:
        der = b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CertificateUnreadable(detail="base64") from error
    if not der:
        raise CertificateUnreadable(detail="empty")
    return der
