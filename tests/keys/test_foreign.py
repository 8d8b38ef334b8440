"""JWS of other parties: what other libraries sign is read; every confusion of keys is refused."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from keys import (
    ForeignKeyUnknown,
    ForeignRefused,
    KeySetRefused,
    read_foreign,
    read_key_set,
    read_public_key,
    verify_foreign,
)

CLAIMS: dict[str, Any] = {"iss": "hall", "sub": "hall", "jti": "1"}
OFFERED = ("ES256", "PS256", "EdDSA", "RS256")
PLAIN = (None, "JWT")

EC = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
WEAK = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - to be refused
ED = ed25519.Ed25519PrivateKey.generate()
SIGNERS: dict[str, Any] = {"ES256": EC, "PS256": RSA, "RS256": RSA, "EdDSA": ED}


def jwk(key: Any, **members: Any) -> dict[str, Any]:
    public = key.public_key()
    made: dict[str, Any]
    if isinstance(key, ec.EllipticCurvePrivateKey):
        made = ECAlgorithm.to_jwk(public, as_dict=True)
    elif isinstance(key, rsa.RSAPrivateKey):
        made = RSAAlgorithm.to_jwk(public, as_dict=True)
        made.pop("key_ops", None)
    else:
        made = OKPAlgorithm.to_jwk(public, as_dict=True)
    return made | members


EC_JWK, RSA_JWK, ED_JWK = jwk(EC, kid="e"), jwk(RSA, kid="r"), jwk(ED, kid="d")
KIDS = {"ES256": "e", "PS256": "r", "RS256": "r", "EdDSA": "d"}


def key_set(*keys: Any) -> Any:
    return read_key_set(json.dumps({"keys": keys}))


ALL = key_set(EC_JWK, RSA_JWK, ED_JWK)


def signed(algorithm: str = "ES256", key: Any = None, claims: Any = CLAIMS, **header: Any) -> str:
    given_header = {"kid": KIDS.get(algorithm), **header}
    headers = {name: value for name, value in given_header.items() if value is not None}
    return pyjwt.encode(claims, key or SIGNERS[algorithm], algorithm, headers=headers)


def encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def with_header(header: Any, key: Any = EC) -> str:
    """Signed by ES256, whatever the header says."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256

    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    data = f"{encoded(raw)}.{encoded(json.dumps(CLAIMS).encode())}"
    r, s = decode_dss_signature(key.sign(data.encode(), ec.ECDSA(SHA256())))
    return f"{data}.{encoded(r.to_bytes(32) + s.to_bytes(32))}"


def read(token: str, keys: Any = ALL, algorithms: Any = OFFERED, typs: Any = PLAIN) -> dict[str, Any]:
    return verify_foreign(token, keys, algorithms=algorithms, typs=typs)[1]


@pytest.mark.parametrize("algorithm", OFFERED)
def test_what_pyjwt_signs(algorithm: str) -> None:
    header, claims = verify_foreign(signed(algorithm), ALL, algorithms=[algorithm], typs=PLAIN)
    assert claims == CLAIMS
    assert header == {"alg": algorithm, "kid": KIDS[algorithm], "typ": "JWT"}


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # for a name that FAPI 2.0 does not know
@pytest.mark.parametrize("algorithm", OFFERED)
def test_what_joserfc_signs(algorithm: str) -> None:
    kinds: dict[str, Any] = {
        "ES256": lambda: ECKey.generate_key("P-256"),
        "EdDSA": lambda: OKPKey.generate_key("Ed25519"),
    }
    key = kinds.get(algorithm, lambda: RSAKey.generate_key(2048))()
    token = joserfc_jwt.encode({"alg": algorithm}, CLAIMS, key, algorithms=[algorithm])
    keys = read_key_set(json.dumps(KeySet([key]).as_dict(private=False)))
    assert read(token, keys) == CLAIMS
    assert keys.keys[0].thumbprint == key.thumbprint()


def test_an_algorithm_that_is_not_named_is_refused() -> None:
    for algorithm in OFFERED:
        rest = [each for each in OFFERED if each != algorithm]
        with pytest.raises(ForeignRefused, match="alg"):
            read(signed(algorithm), algorithms=rest)
        with pytest.raises(ForeignRefused):
            read(signed(algorithm), algorithms=())


def test_a_key_is_for_its_own_algorithm() -> None:
    """RFC 8725 section 3.1: a key's alg binds, and PS256 and RS256 are not one."""
    keys = key_set(jwk(RSA, kid="r", alg="PS256"))
    assert read(signed("PS256"), keys) == CLAIMS
    with pytest.raises(ForeignKeyUnknown):
        read(signed("RS256"), keys)


def test_kid_selects() -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    keys = key_set(EC_JWK, jwk(other, kid="o"))
    assert read(signed(), keys) == CLAIMS
    assert read(signed(key=other, kid="o"), keys) == CLAIMS
    with pytest.raises(ForeignRefused, match="signature"):
        read(signed(kid="o"), keys)
    with pytest.raises(ForeignKeyUnknown):
        read(signed(kid="x"), keys)
    with pytest.raises(ForeignKeyUnknown):
        read(signed(), key_set())


def test_without_a_kid_there_is_one_key_or_none() -> None:
    assert read(signed(kid=None)) == CLAIMS  # one EC key
    other = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(ForeignRefused, match="ambiguous"):
        read(signed(kid=None), key_set(EC_JWK, jwk(other, kid="o")))
    encrypting = jwk(other, kid="o", use="enc")
    assert read(signed(kid=None), key_set(EC_JWK, encrypting)) == CLAIMS


def test_a_kid_of_two_keys() -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(ForeignRefused, match="ambiguous"):
        read(signed(), key_set(EC_JWK, jwk(other, kid="e")))
    assert read(signed(), key_set(EC_JWK, EC_JWK)) == CLAIMS  # the same key twice is one key
    assert read(signed(), key_set(EC_JWK, jwk(RSA, kid="e"))) == CLAIMS  # RFC 7517 section 4.5


def test_keys_for_encryption_verify_nothing() -> None:
    for members in ({"use": "enc"}, {"key_ops": ["deriveKey"]}, {"key_ops": "verify"}):
        with pytest.raises(ForeignKeyUnknown):
            read(signed(), key_set(EC_JWK | members))


def test_typ() -> None:
    for typ in ("JWT", "jwt", "application/JWT"):
        assert read(signed(typ=typ), typs=("JWT",)) == CLAIMS
    token = signed(typ="dpop+jwt")
    assert read(token, typs=("dpop+jwt",)) == CLAIMS
    for typs in (PLAIN, (None,), ("at+jwt",)):
        with pytest.raises(ForeignRefused, match="typ"):
            read(token, typs=typs)
    bare = with_header({"alg": "ES256", "kid": "e"})
    assert read(bare) == CLAIMS
    with pytest.raises(ForeignRefused, match="typ"):
        read(bare, typs=("dpop+jwt",))


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "es256"},
        {"alg": "ES384"},
        {"alg": None},
        {"alg": ["ES256"]},
        {"alg": {}},
        {},
        {"alg": "ES256", "crit": ["exp"]},
        {"alg": "ES256", "crit": []},
        {"alg": "ES256", "b64": False},
        {"alg": "ES256", "kid": 1},
        {"alg": "ES256", "kid": None},
        {"alg": "ES256", "typ": 1},
        {"alg": "ES256", "typ": None},
        [],
        "x",
        b"{",
        b"\xff",
        b"[" * 9_000,
        b"",
    ],
)
def test_headers_that_are_refused(header: Any) -> None:
    if header == {"alg": "ES256", "typ": None}:
        assert read(with_header(header)) == CLAIMS  # null is as good as absent
        return
    with pytest.raises(ForeignRefused):
        read(with_header(header))


def test_keys_in_the_token_are_never_used() -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    for more in (
        {"jwk": jwk(stranger)},
        {"jku": "https://attacker.example/jwks"},
        {"x5u": "https://a.example"},
    ):
        with pytest.raises(ForeignRefused):
            read(with_header({"alg": "ES256", "kid": "e", **more}, stranger))


def test_a_public_key_is_no_hmac_secret() -> None:
    """Algorithm confusion, RFC 8725 section 2.1."""
    header = {"alg": "HS256", "kid": "r"}
    data = ".".join(encoded(json.dumps(part).encode()) for part in (header, CLAIMS))
    for secret in (json.dumps(RSA_JWK).encode(), urlsafe_b64decode(RSA_JWK["n"] + "=="), b""):
        token = f"{data}.{encoded(hmac.digest(secret, data.encode(), hashlib.sha256))}"
        with pytest.raises(ForeignRefused):
            read(token)


def test_every_flipped_bit_is_refused() -> None:
    for algorithm in ("ES256", "EdDSA"):
        parts = [urlsafe_b64decode(part + "==") for part in signed(algorithm).split(".")]
        for place, part in enumerate(parts):
            for bit in range(len(part) * 8):
                changed = bytearray(part)
                changed[bit // 8] ^= 1 << bit % 8
                token = ".".join(
                    encoded(each) for each in [*parts[:place], bytes(changed), *parts[place + 1 :]]
                )
                with pytest.raises(ForeignRefused):
                    read(token)


def test_malformed_tokens() -> None:
    token = signed()
    head, payload, signature = token.split(".")
    bad = [
        "",
        ".",
        "..",
        "...",
        "a.b",
        token + ".",
        token + "=",
        token + "\n",
        " " + token,
        "é.é.é",
        "a" * 20_000,
    ]
    bad += [
        f"{head}.{payload}.",
        f".{payload}.{signature}",
        f"{head}..{signature}",
        f"{head}.{payload}.{signature}AA",
    ]
    bad += [signed(claims={"a": "b" * 20_000})]
    for text in bad:
        with pytest.raises(ForeignRefused):
            read(text)


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_text_does_more_than_be_refused(text: str) -> None:
    for token in (text, f"{encoded(text.encode(errors='replace'))}.e30.AAAA"):
        with pytest.raises(ForeignRefused):
            read(token)


def test_a_proof_with_its_own_key() -> None:
    """What a DPoP proof needs: header first, then the very key that stands in it (RFC 9449 section 4.2)."""
    token = signed(kid=None, typ="dpop+jwt", jwk=jwk(EC))
    jws = read_foreign(token, algorithms=("ES256",), typs=("dpop+jwt",))
    key = read_public_key(jws.header["jwk"])
    assert jws.verified_by(key) == CLAIMS
    with pytest.raises(ForeignRefused):
        jws.verified_by(read_public_key(jwk(ED)))


def test_a_thumbprint_of_the_standard() -> None:
    """RFC 8037 appendix A.3."""
    key = read_public_key(
        {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    )
    assert key.thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


P384 = ec.generate_private_key(ec.SECP384R1())


@pytest.mark.parametrize(
    "key",
    [
        {**EC_JWK, "d": "AA"},
        {**RSA_JWK, "d": "AA"},
        {**EC_JWK, "use": "enc", "d": "AA"},  # lost all the same
        {"kty": "oct", "k": "AAAA"},
        {"kty": "oct"},
        {**EC_JWK, "k": "AAAA"},
        jwk(WEAK),
        {**EC_JWK, "x": EC_JWK["y"], "y": EC_JWK["x"]},  # on no curve
        {**EC_JWK, "x": encoded(bytes(32)), "y": encoded(bytes(32))},
        {**EC_JWK, "x": EC_JWK["x"] + "="},
        {**EC_JWK, "x": "AA"},
        {**EC_JWK, "x": 1},
        {**EC_JWK, "y": None},
        {"kty": "EC", "crv": "P-256"},
        {"kty": "RSA", "e": "AQAB"},
        {**RSA_JWK, "e": "AA"},
        {**RSA_JWK, "e": "AQ"},
        {**RSA_JWK, "e": "Ag"},
        {**RSA_JWK, "e": "AAEAAQ"},
        {**RSA_JWK, "e": RSA_JWK["n"]},
        {**RSA_JWK, "n": encoded(b"\xff" * 2048)},
        {**RSA_JWK, "n": "é"},
        {**ED_JWK, "x": "AA"},
        {**EC_JWK, "kid": 1},
        {**EC_JWK, "kid": "k" * 300},
        {**EC_JWK, "alg": 1},
    ],
)
def test_keys_that_are_refused(key: dict[str, Any]) -> None:
    with pytest.raises(KeySetRefused) as refused:
        key_set(ED_JWK, key)
    assert refused.value.mend.isascii()
    assert '"' not in refused.value.mend


@pytest.mark.parametrize(
    "key",
    [{"kty": "XX"}, {}, {"kty": 1}, jwk(P384), {"kty": "OKP", "crv": "X25519", "x": "AA"}, {"kty": ["EC"]}],
)
def test_keys_that_are_passed_over(key: dict[str, Any]) -> None:
    assert [each.kid for each in key_set(key, ED_JWK).keys] == ["d"]
    with pytest.raises(KeySetRefused):
        read_public_key(key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "{}",
        '{"keys":{}}',
        '{"keys":[1]}',
        b"\xff",
        "[" * 20_000,
        '{"keys":[],"x":"%s"}' % ("x" * 70_000),
    ],
)
def test_what_is_no_key_set(text: str | bytes) -> None:
    with pytest.raises(KeySetRefused):
        read_key_set(text)


def test_a_set_is_bounded() -> None:
    assert len(key_set(*[EC_JWK] * 32).keys) == 32
    with pytest.raises(KeySetRefused):
        key_set(*[EC_JWK] * 33)
