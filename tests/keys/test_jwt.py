"""JWTs of our rings: other libraries read them, and nothing but our own is read by us."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from typing import Any

import jwt as pyjwt
import pytest
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet

from keys import Keys, NotForThisRing, TokenExpired, TokenRefused
from keys.signing import SigningKey
from tests.conftest import ManualClock

CLAIMS = {
    "iss": "http://localhost:8000",
    "sub": "a",
    "aud": "hall",
    "iat": 1_790_000_000,
    "exp": 1_790_000_060,
}
NOW = 1_790_000_000


def encoded(value: Any) -> str:
    return urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()


def forged(ours: Keys, header: Any, ring: str = "id-token") -> str:
    """Really signed by the ring's key, under a header of the attacker's."""
    data = f"{encoded(header)}.{encoded(CLAIMS)}".encode()
    key = ours.signer(ring)
    assert isinstance(key, SigningKey)
    return f"{data.decode()}.{urlsafe_b64encode(key.sign_unjudged(data)).rstrip(b'=').decode()}"


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "PS256", "EdDSA"])
def test_pyjwt_reads_ours(embedded: Keys, algorithm: str) -> None:
    token = embedded.sign_jwt("id-token", CLAIMS, algorithm=algorithm)
    header = pyjwt.get_unverified_header(token)
    assert set(header) == {"alg", "kid", "typ"}
    key = pyjwt.PyJWKSet.from_json(embedded.jwks().decode())[header["kid"]]
    options: Any = {"verify_exp": False}
    assert pyjwt.decode(token, key, [algorithm], audience="hall", options=options) == CLAIMS


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "PS256"])
def test_joserfc_reads_ours(embedded: Keys, algorithm: str) -> None:
    token = embedded.sign_jwt("id-token", CLAIMS, algorithm=algorithm)
    found = joserfc_jwt.decode(token, KeySet.import_key_set(json.loads(embedded.jwks())), [algorithm])
    assert found.claims == CLAIMS


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "PS256", "EdDSA"])
def test_we_read_ours(embedded: Keys, algorithm: str) -> None:
    token = embedded.sign_jwt("id-token", CLAIMS, algorithm=algorithm)
    assert embedded.verify_jwt("id-token", token, now=NOW) == CLAIMS


def test_an_end_has_no_tolerance(embedded: Keys) -> None:
    token = embedded.sign_jwt("id-token", CLAIMS)
    embedded.verify_jwt("id-token", token, now=CLAIMS["exp"] - 1)  # type: ignore[operator]
    for late in (0, 1):
        with pytest.raises(TokenExpired):
            embedded.verify_jwt("id-token", token, now=CLAIMS["exp"] + late)  # type: ignore[operator]
    assert embedded.verify_jwt_of_any_age("id-token", token) == CLAIMS


@pytest.mark.parametrize(
    "times", [{}, {"exp": "2000000000"}, {"exp": 1.9e9}, {"exp": True}, {"exp": 2**40, "nbf": NOW + 6}]
)
def test_times_that_are_none(embedded: Keys, times: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused):
        embedded.verify_jwt("id-token", embedded.sign_jwt("id-token", times), now=NOW)


def test_headers_that_are_not_ours(embedded: Keys) -> None:
    kid = embedded.signer("id-token").kid
    good = {"alg": "ES256", "kid": kid, "typ": "JWT"}
    assert embedded.verify_jwt("id-token", forged(embedded, good), now=NOW) == CLAIMS
    headers: list[Any] = [
        {**good, "alg": "none"},
        {**good, "alg": "HS256"},
        {**good, "alg": "RS256"},
        {**good, "alg": "es256"},
        {**good, "typ": "at+jwt"},
        {**good, "typ": "jwt"},
        {"alg": "ES256", "kid": kid},
        {**good, "crit": ["exp"]},
        {**good, "crit": []},
        {**good, "b64": False},
        {**good, "jku": "https://attacker.example/jwks"},
        {**good, "jwk": {"kty": "oct", "k": "AA"}},
        {**good, "kid": "unknown"},
        {**good, "kid": 1},
        {**good, "kid": embedded.signer("access-token").kid},
        {**good, "kid": embedded.signer("id-token", "RS256").kid},
        [],
        "x",
    ]
    for bad in headers:
        with pytest.raises(TokenRefused):
            embedded.verify_jwt("id-token", forged(embedded, bad), now=NOW)


def test_the_public_key_is_no_hmac_secret(embedded: Keys) -> None:
    """Algorithm confusion, RFC 8725 section 2.1."""
    import hashlib
    import hmac

    kid = embedded.signer("id-token").kid
    data = f"{encoded({'alg': 'HS256', 'kid': kid, 'typ': 'JWT'})}.{encoded(CLAIMS)}"
    for secret in (embedded.jwks(), json.dumps(embedded.signer("id-token").public_jwk()).encode(), b""):
        tag = urlsafe_b64encode(hmac.digest(secret, data.encode(), hashlib.sha256)).rstrip(b"=").decode()
        with pytest.raises(TokenRefused):
            embedded.verify_jwt("id-token", f"{data}.{tag}", now=NOW)


def test_unsigned_and_malformed(embedded: Keys) -> None:
    token = embedded.sign_jwt("id-token", CLAIMS)
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
    bad += [f"{head}.{payload}.", f"{head}.{payload}", f".{payload}.{signature}", f"{head}..{signature}"]
    bad += [f"{head}.{payload}.{signature}AA", f"{head}.{payload}.{signature[:-2]}"]
    for text in bad:
        with pytest.raises(TokenRefused):
            embedded.verify_jwt("id-token", text, now=NOW)


def test_every_flipped_bit_is_refused(embedded: Keys) -> None:
    parts = [urlsafe_b64decode(part + "==") for part in embedded.sign_jwt("id-token", CLAIMS).split(".")]
    for place, part in enumerate(parts):
        for bit in range(len(part) * 8):
            changed = bytearray(part)
            changed[bit // 8] ^= 1 << bit % 8
            flipped = [*parts[:place], bytes(changed), *parts[place + 1 :]]
            token = ".".join(urlsafe_b64encode(each).rstrip(b"=").decode() for each in flipped)
            with pytest.raises(TokenRefused):
                embedded.verify_jwt("id-token", token, now=NOW)


def test_a_typ_passes_for_no_other(embedded: Keys) -> None:
    logout = embedded.sign_jwt("id-token", CLAIMS, typ="logout+jwt")
    with pytest.raises(TokenRefused):
        embedded.verify_jwt("id-token", logout, now=NOW)
    assert embedded.verify_jwt("id-token", logout, typ="logout+jwt", now=NOW) == CLAIMS
    with pytest.raises(TokenRefused):
        embedded.verify_jwt("access-token", logout, now=NOW)
    with pytest.raises(NotForThisRing):
        embedded.sign_jwt("id-token", CLAIMS, typ="at+jwt")
    with pytest.raises(NotForThisRing):
        embedded.sign_jwt("code", CLAIMS)


def test_jwks_names_public_members_only(embedded: Keys, clock: ManualClock) -> None:
    found = json.loads(embedded.jwks())["keys"]
    assert Counter(key.get("alg") for key in found) == {
        "ES256": 3,
        "RS256": 1,
        "PS256": 2,
        "EdDSA": 2,
        None: 1,
        "RSA-OAEP-256": 1,
    }
    for key in found:
        assert set(key) <= {"kty", "crv", "x", "y", "n", "e", "use", "alg", "kid"}
    assert embedded.jwks() is embedded.jwks()


@pytest.mark.parametrize("raw", [b"[" * 9_000, b'{"a":' * 1_500, b'{"alg":"\xff"}', b"\xff", b"", b"nul"])
def test_headers_that_are_no_json(embedded: Keys, raw: bytes) -> None:
    head = urlsafe_b64encode(raw).rstrip(b"=").decode()
    with pytest.raises(TokenRefused):
        embedded.verify_jwt("id-token", f"{head}.e30.AAAA", now=NOW)
