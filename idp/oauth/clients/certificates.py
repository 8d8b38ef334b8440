"""Clients that authenticate by the certificate of their connection (RFC 8705 § 2).

``tls_client_auth``: a certificate of an authority that the operator listed, for the one name that the client
registered. We check the chain ourselves, since a proxy that serves the other method lets every certificate
through. ``self_signed_tls_client_auth``: the very key that stands in the client's registered set.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store, VerificationError

from idp.oauth.errors import InvalidClient
from keys import ForeignRefused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

    from idp.oauth.clients.client import Client
    from idp.oauth.clients.client_keys import ClientKeys
    from keys import ForeignKeySet

__all__ = ["Authorities", "check_name", "check_self_signed", "read", "read_dn"]

UNREADABLE: Final = (
    ValueError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What the parser raises at what others wrote, here and there."""
_DN_NAMES: Final = {
    "E": NameOID.EMAIL_ADDRESS,
    "EMAILADDRESS": NameOID.EMAIL_ADDRESS,
    "SERIALNUMBER": NameOID.SERIAL_NUMBER,
}
"""Beside those of RFC 4514 § 3."""


class Authorities:
    """The operator's list of who may certify clients."""

    def __init__(self, file: Path) -> None:
        """Read the file now, so that a missing or empty one is told at start.

        Raises:
            ValueError: it cannot be read, or no certificate is in it.
        """
        try:
            self._store = Store(x509.load_pem_x509_certificates(file.read_bytes()))
        except (OSError, ValueError) as error:
            raise ValueError(f"idp.oauth.client_ca_file: no certificates in {file}") from error

    def check(self, certificate: x509.Certificate, now: int) -> None:
        """Let a certificate of a listed authority pass, while it is valid.

        Raises:
            InvalidClient: another's, expired, or not for clients.
        """
        if not _for_clients(certificate):
            raise InvalidClient(
                "Connect with a certificate for client authentication.", detail="certificate use"
            )
        verifier = (
            PolicyBuilder()
            .store(self._store)
            .time(dt.datetime.fromtimestamp(now, dt.UTC).replace(tzinfo=None))
            .extension_policies(
                ca_policy=ExtensionPolicy.webpki_defaults_ca(),
                # a client may be named by its subject alone, so no SAN is required of it
                ee_policy=ExtensionPolicy.permit_all(),
            )
            .build_client_verifier()
        )
        try:
            verifier.verify(certificate, [])
        except VerificationError as error:
            raise InvalidClient(
                "Connect with a certificate of an authority that is accepted here.",
                detail="certificate chain",
            ) from error


def _for_clients(certificate: x509.Certificate) -> bool:
    """RFC 5280 § 4.2.1.12: where uses are listed, this one is among them."""
    try:
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    except UNREADABLE:
        return False
    return ExtendedKeyUsageOID.CLIENT_AUTH in uses


def read(der: bytes | None) -> x509.Certificate:
    """The certificate of the connection.

    Raises:
        InvalidClient: there is none, or none that can be read.
    """
    if der is None:
        raise InvalidClient("Connect with the client's certificate.", detail="no certificate")
    try:
        return x509.load_der_x509_certificate(der)
    except UNREADABLE as error:
        raise InvalidClient("Connect with an X.509 certificate.", detail="certificate") from error


def check_name(client: Client, certificate: x509.Certificate) -> None:
    """Match the one name that the client registered.

    Raises:
        InvalidClient: the certificate is for somebody else.
    """
    try:
        good = _named(client, certificate)
    except UNREADABLE:
        good = False
    if not good:
        raise InvalidClient("Connect with the certificate of the registered name.", detail="certificate name")


def _named(client: Client, certificate: x509.Certificate) -> bool:
    if client.tls_subject_dn:
        return certificate.subject == read_dn(client.tls_subject_dn)
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    if client.tls_san_dns:
        wanted = client.tls_san_dns.lower()
        return wanted in [each.lower() for each in names.get_values_for_type(x509.DNSName)]
    if client.tls_san_ip:
        return ipaddress.ip_address(client.tls_san_ip) in names.get_values_for_type(x509.IPAddress)
    if client.tls_san_uri:
        return client.tls_san_uri in names.get_values_for_type(x509.UniformResourceIdentifier)
    return bool(client.tls_san_email) and client.tls_san_email in names.get_values_for_type(x509.RFC822Name)


def read_dn(text: str) -> x509.Name:
    """A distinguished name in RFC 4514's form.

    Raises:
        ValueError: it is none.
    """
    return x509.Name.from_rfc4514_string(text, _DN_NAMES)


def check_self_signed(client: Client, keys: ClientKeys, certificate: x509.Certificate, now: int) -> None:
    """Find the certificate or its key in the client's set (RFC 8705 § 2.2.2).

    Raises:
        InvalidClient: it is not there, or is not valid at this time.
    """
    if not certificate.not_valid_before_utc.timestamp() <= now < certificate.not_valid_after_utc.timestamp():
        raise InvalidClient("Connect with a certificate that is valid now.", detail="certificate validity")
    try:
        found = keys.of(client, now)
        good = _registered(found, certificate) or _registered(keys.newer(client, now), certificate)
    except ForeignRefused as refused:
        raise InvalidClient(refused.mend, detail=refused.detail) from refused
    if not good:
        raise InvalidClient("Connect with a certificate whose key is registered.", detail="certificate key")


def _registered(keys: ForeignKeySet | None, certificate: x509.Certificate) -> bool:
    if keys is None:
        return False
    listed: Iterable[object] = keys.document["keys"]
    text = b64encode(certificate.public_bytes(Encoding.DER)).decode()
    if any(isinstance(jwk, dict) and _leaf(jwk) == text for jwk in listed):
        return True
    try:
        shown = _spki(certificate.public_key())
    except UNREADABLE:
        return False
    return any(_spki(key.public) == shown for key in keys.keys)


def _leaf(jwk: dict[str, object]) -> object:
    """The first of ``x5c`` is the key's own certificate (RFC 7517 § 4.7)."""
    chain = jwk.get("x5c")
    return chain[0] if isinstance(chain, list) and chain else None


def _spki(public: CertificatePublicKeyTypes) -> bytes:
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
