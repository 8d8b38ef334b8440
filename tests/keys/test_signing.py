"""No ring signs bytes of a caller's choosing."""

from __future__ import annotations

import msgspec
import pytest

from keys import Keys, NoSuchRing, NotForThisRing
from keys.base64url import base64url
from manyou import codes, status, trust
from manyou.codes.wire import sig_structure
from tests.conftest import ManualClock

LOW_HALF = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 // 2
CODE = codes.CodeA(
    issuer=70_000,
    type=300,
    licence=b"l" * 12,
    holder="张*",
    issued_at=1_790_000_000,
    ttl=60,
    list=1,
    index=77,
    nonce=b"nnnn",
)


def head(**members: str) -> bytes:
    return base64url(msgspec.json.encode(members))


def test_the_code_ring_signs_codes(embedded: Keys) -> None:
    signer = embedded.signer("code")
    for _ in range(50):
        digits = codes.encode(CODE, signer.kid_bytes, signer.sign, "test")
    parsed = codes.parse(digits)
    key = trust.TrustedKey(kid=signer.kid, purpose="code", jwk=signer.public_jwk(), not_before=0)
    assert codes.verify(parsed, key.public_key, "test").payload == CODE
    assert int.from_bytes(parsed.signature[32:]) <= LOW_HALF


def test_the_code_ring_signs_nothing_else(embedded: Keys) -> None:
    signer = embedded.signer("code")
    kid = signer.kid_bytes
    payload = codes.parse(codes.encode(CODE, kid, signer.sign, "test")).payload_bytes
    other = bytes((kid[0] ^ 1, kid[1]))
    good = sig_structure(payload, kid, "test")
    signer.sign(good)
    for bad in (
        b"",
        b"x",
        head(alg="ES256", kid=signer.kid, typ="JWT") + b".e30",
        sig_structure(payload, kid, "production"),
        sig_structure(payload, kid, "tes"),
        sig_structure(payload, other, "test"),
        sig_structure(b"\x81" + payload[1:], kid, "test"),
        sig_structure(b"", kid, "test"),
        good.replace(b"Signature1", b"Signature2"),
        good + b"\x00",
        good[:-1],
        good[: good.index(payload) - 2],
    ):
        with pytest.raises(NotForThisRing):
            signer.sign(bad)


def test_a_jwt_ring_signs_its_own_headers_only(embedded: Keys) -> None:
    signer = embedded.signer("status")
    good = head(alg="ES256", kid=signer.kid, typ="statuslist+jwt")
    assert len(signer.sign(good + b".e30")) == 64
    for bad in (
        b"",
        b"anything",
        good,
        good + b".",
        good + b".e30.e30",
        good + b".e 30",
        good + b".\xff",
        head(alg="ES256", kid=signer.kid, typ="at+jwt") + b".e30",
        head(alg="ES256", kid="other", typ="statuslist+jwt") + b".e30",
        head(alg="ES256", kid=signer.kid) + b".e30",
        head(typ="statuslist+jwt", kid=signer.kid, alg="ES256") + b".e30",
        head(alg="ES256", kid=signer.kid, typ="statuslist+jwt", crit="exp") + b".e30",
        sig_structure(b"\x8a", b"\x00\x00", "test"),
    ):
        with pytest.raises(NotForThisRing):
            signer.sign(bad)


def test_the_formats_sign_with_their_rings(embedded: Keys, clock: ManualClock) -> None:
    lists, anchor = embedded.signer("status"), embedded.signer("trust")
    claims = status.claims("http://localhost/1", b"\0", iat=clock(), exp=clock() + 60, ttl=5, version=1)
    assert status.sign(claims, lists.kid, lists.sign).count(".") == 2
    content = trust.TrustContent(
        iss="http://localhost",
        deployment="test",
        version=1,
        iat=clock(),
        exp=clock() + 60,
        anchors=({"kid": anchor.kid, **anchor.public_jwk()},),
    )
    assert trust.sign(content, anchor.kid, anchor.sign).count(".") == 2
    with pytest.raises(NotForThisRing):
        trust.sign(content, lists.kid, lists.sign)


def test_rings_that_are_none(embedded: Keys) -> None:
    for ring in ("", "nothing", "seal", "field"):
        with pytest.raises(NoSuchRing):
            embedded.signer(ring)
    with pytest.raises(NotForThisRing):
        embedded.signer("licence:11350000MBDEM0023C")
