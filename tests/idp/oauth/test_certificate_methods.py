"""tls_client_auth and self_signed_tls_client_auth (RFC 8705 § 2): the right certificate, and no other."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from jwt.algorithms import ECAlgorithm

from idp.oauth.clients.certificates import Authorities
from idp.oauth.settings import OAuthSettings
from tests.conftest import ManualClock
from tests.idp.oauth.conftest import House, body, make_house
from tests.served import serving
from web import Reply

FORM = {"grant_type": "client_credentials", "client_id": "hall-a"}
DN = "CN=hall-a,OU=Halls,O=Fule City,C=CN"
START = ManualClock().now


class Maker:
    """Makes certificates, as an authority or for itself."""

    def __init__(self, name: str = "CN=Authority,C=CN") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name.from_rfc4514_string(name)
        self.own = self._make(self.name, self.key, ca=True)

    def issue(
        self,
        subject: str = DN,
        *,
        key: Any = None,
        san: list[x509.GeneralName] | None = None,
        uses: list[x509.ObjectIdentifier] | None = None,
        begins: int = START - 3600,
        ends: int = START + 86_400,
    ) -> bytes:
        """The DER of a client's certificate; ``begins``, ``ends``: unix seconds."""
        name = x509.Name.from_rfc4514_string(subject)
        made = self._make(
            name, key or ec.generate_private_key(ec.SECP256R1()), False, san, uses, begins, ends
        )
        return made.public_bytes(Encoding.DER)

    def _make(
        self,
        subject: x509.Name,
        key: Any,
        ca: bool,  # noqa: FBT001
        san: list[x509.GeneralName] | None = None,
        uses: list[x509.ObjectIdentifier] | None = None,
        begins: int = START - 86_400,
        ends: int = START + 86_400,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(dt.datetime.fromtimestamp(begins, dt.UTC))
            .not_valid_after(dt.datetime.fromtimestamp(ends, dt.UTC))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
        )
        if ca:
            usage = dict.fromkeys(
                ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
            ) | {"encipher_only": False, "decipher_only": False, "digital_signature": True}
            builder = builder.add_extension(
                x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True
            )
        if san:
            builder = builder.add_extension(x509.SubjectAlternativeName(san), critical=False)
        if uses:
            builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        return builder.sign(self.key, SHA256())


@pytest.fixture(scope="module")
def authority() -> Maker:
    return Maker()


@pytest.fixture
def mtls(house: House, authority: Maker, tmp_path: Path) -> House:
    """With a listener for certificates and one authority of clients."""
    file = tmp_path / "clients.pem"
    file.write_bytes(authority.own.public_bytes(Encoding.PEM))
    settings = OAuthSettings(client_ca_file=file)
    return make_house(house.durable, house.clock, tmp_path / "house", settings, "https://mtls.example:8443")


def ask(house: House, certificate: bytes | None, /, **form: str) -> Reply:
    return house.call("POST", "/token", form=FORM | form, certificate=certificate)


def refused(reply: Reply) -> None:
    assert (reply.status, body(reply)["error"]) == (401, "invalid_client"), reply.body


def named(house: House, **names: str) -> None:
    house.client(auth_method="tls_client_auth", **names)


def test_a_certificate_of_the_registered_subject(mtls: House, authority: Maker) -> None:
    named(mtls, tls_subject_dn=DN)
    assert ask(mtls, authority.issue()).status == 200
    assert ask(mtls, authority.issue(uses=[ExtendedKeyUsageOID.CLIENT_AUTH])).status == 200
    for other in ("CN=hall-b,OU=Halls,O=Fule City,C=CN", "CN=hall-a", "C=CN,O=Fule City,OU=Halls,CN=hall-a"):
        refused(ask(mtls, authority.issue(other)))


@pytest.mark.parametrize(
    ("name", "value", "san"),
    [
        ("tls_san_dns", "hall-a.example", x509.DNSName("hall-a.example")),
        ("tls_san_uri", "https://hall-a.example/", x509.UniformResourceIdentifier("https://hall-a.example/")),
        ("tls_san_ip", "2001:db8::0:1", x509.IPAddress(ipaddress.ip_address("2001:db8::1"))),
        ("tls_san_email", "hall@a.example", x509.RFC822Name("hall@a.example")),
    ],
)
def test_a_certificate_of_the_registered_name(
    mtls: House, authority: Maker, name: str, value: str, san: x509.GeneralName
) -> None:
    named(mtls, **{name: value})
    assert ask(mtls, authority.issue("CN=x", san=[x509.DNSName("other.example"), san])).status == 200
    refused(ask(mtls, authority.issue("CN=x", san=[x509.DNSName("other.example")])))
    refused(ask(mtls, authority.issue(f"CN={value}")))  # a subject is no alternative name
    if name == "tls_san_dns":
        refused(ask(mtls, authority.issue("CN=x", san=[x509.DNSName("*.example")])))


def test_a_stranger_writes_the_same_name(mtls: House, authority: Maker) -> None:
    """Whatever the proxy let through: the chain is checked here."""
    named(mtls, tls_subject_dn=DN)
    twin = Maker()  # an authority of the very same name
    refused(ask(mtls, twin.issue()))
    refused(ask(mtls, Maker(DN).own.public_bytes(Encoding.DER)))
    genuine = bytearray(authority.issue())
    genuine[-1] ^= 1
    refused(ask(mtls, bytes(genuine)))


def test_certificates_that_are_not_for_this(mtls: House, authority: Maker) -> None:
    named(mtls, tls_subject_dn=DN)
    refused(ask(mtls, authority.issue(uses=[ExtendedKeyUsageOID.SERVER_AUTH])))
    refused(ask(mtls, authority.issue(begins=START - 7200, ends=START - 3600)))
    refused(ask(mtls, authority.issue(begins=START + 3600)))
    refused(ask(mtls, None))
    refused(ask(mtls, b"\x30\x03one"))


def test_one_method_a_request(mtls: House, authority: Maker) -> None:
    named(mtls, tls_subject_dn=DN)
    refused(ask(mtls, authority.issue(), client_secret="x"))
    # a certificate beside another method only binds tokens
    mtls.client("hall-b")
    form = {"grant_type": "client_credentials"}
    shown = mtls.call(
        "POST", "/token", form=form, headers=mtls.basic("hall-b"), certificate=authority.issue()
    )
    assert shown.status == 200
    refused(mtls.call("POST", "/token", form=form | {"client_id": "hall-b"}, certificate=authority.issue()))
    refused(mtls.call("POST", "/token", form=form, certificate=authority.issue()))


@pytest.mark.parametrize("path", ["/token", "/introspect", "/revoke", "/par"])
def test_wherever_clients_authenticate(mtls: House, authority: Maker, path: str) -> None:
    named(mtls, tls_subject_dn=DN)
    form = FORM | {"token": "x"}
    assert mtls.call("POST", path, form=form, certificate=authority.issue()).status != 401
    refused(mtls.call("POST", path, form=form))


def test_without_authorities_nobody_is_certified(house: House, authority: Maker) -> None:
    named(house, tls_subject_dn=DN)
    refused(ask(house, authority.issue()))


def test_a_file_without_authorities_is_told_at_start(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    for file in (empty, tmp_path / "absent.pem"):
        with pytest.raises(ValueError, match="client_ca_file"):
            Authorities(file)


def test_the_documents_name_what_is_on(house: House, mtls: House) -> None:
    def methods(of: House) -> set[str]:
        found = body(of.call("GET", "/.well-known/openid-configuration"))
        return {each for each in found["token_endpoint_auth_methods_supported"] if "tls" in each}

    assert methods(house) == set()
    assert methods(mtls) == {"tls_client_auth", "self_signed_tls_client_auth"}


# self-signed


def own(subject: str = DN, key: Any = None, **times: Any) -> tuple[bytes, dict[str, Any]]:
    """A self-signed certificate and the JWK of its key."""
    maker = Maker(subject)
    if key is not None:
        maker.key = key
    jwk: dict[str, Any] = ECAlgorithm.to_jwk(maker.key.public_key(), as_dict=True)
    return maker.issue(subject, key=maker.key, **times), jwk


def test_the_registered_key(house: House) -> None:
    certificate, jwk = own()
    house.client(auth_method="self_signed_tls_client_auth", jwks=json.dumps({"keys": [jwk]}))
    assert ask(house, certificate).status == 200
    refused(ask(house, own()[0]))  # the same name, another key
    refused(ask(house, None))
    refused(ask(house, b"\x30\x03one"))


def test_the_registered_certificate_of_a_key_that_signs_nothing_here(house: House) -> None:
    """RFC 8705 § 2.2.2: x5c; a P-384 key is none that we verify signatures with."""
    maker = Maker()
    maker.key = ec.generate_private_key(ec.SECP384R1())
    certificate = maker.issue("CN=Authority,C=CN", key=maker.key)
    jwk = ECAlgorithm.to_jwk(maker.key.public_key(), as_dict=True)
    jwk["x5c"] = [b64encode(certificate).decode()]
    house.client(auth_method="self_signed_tls_client_auth", jwks=json.dumps({"keys": [jwk]}))
    assert ask(house, certificate).status == 200
    refused(
        ask(house, maker.issue("CN=Authority,C=CN", key=maker.key))
    )  # another certificate of the same key


def test_a_self_signed_certificate_has_its_time(house: House) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate, jwk = own(key=key, begins=START, ends=START + 60)
    house.client(auth_method="self_signed_tls_client_auth", jwks=json.dumps({"keys": [jwk]}))
    for moved, good in ((0, True), (59, True), (1, False), (-61, False), (0, False)):
        house.clock.advance(moved)
        assert (ask(house, certificate).status == 200) is good


def test_a_key_of_the_jwks_uri_that_was_just_rotated(house: House) -> None:
    (first, old), (second, new) = own(), own()
    with serving() as served:
        uri = served.put("/jwks", {"keys": [old]})
        house.client(auth_method="self_signed_tls_client_auth", jwks_uri=uri)
        assert ask(house, first).status == 200
        served.put("/jwks", {"keys": [old, new]})
        assert ask(house, second).status == 200
        assert served.count("/jwks") == 2


def test_every_flipped_bit_of_a_certificate_is_no_fault_of_ours(mtls: House, authority: Maker) -> None:
    named(mtls, tls_subject_dn=DN)
    genuine = authority.issue()
    for place in range(0, len(genuine), 3):
        changed = bytearray(genuine)
        changed[place] ^= 0x20
        refused(ask(mtls, bytes(changed)))
