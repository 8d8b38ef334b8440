"""Frozen vectors, made without the implementation, referee the code's wire format."""

from __future__ import annotations

import io
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from manyou._jws import load_es256
from manyou.codes import (
    ClockDiffers,
    CodeA,
    CodeExpired,
    CodeRefused,
    check_fresh,
    digits_of,
    encode,
    freshness,
    parse,
    sig_structure,
    verify,
)
from tests.vectors.frozen import read

VECTORS: dict[str, Any] = read("codes.json")
KEYS = {kid: load_es256(jwk) for kid, jwk in VECTORS["keys"].items()}
VALID: list[dict[str, Any]] = VECTORS["valid"]
REFUSED: list[dict[str, str]] = VECTORS["refused"]


def name(row: dict[str, Any]) -> str:
    return str(row.get("name", row))


def payload_of(row: dict[str, Any]) -> CodeA:
    fields = dict(row["payload"])
    packed = fields.pop("holder_packed")
    holder = fields.pop("holder") if packed is None else bytes.fromhex(packed)
    fields.pop("holder", None)
    for each in ("licence", "nonce"):
        fields[each] = bytes.fromhex(fields[each])
    return CodeA(holder=holder, **fields)


def key_of(row: dict[str, Any]) -> EllipticCurvePublicKey:
    return KEYS[row["kid"]]


@pytest.mark.parametrize("row", VALID, ids=name)
def test_read(row: dict[str, Any]) -> None:
    code = parse(row["digits"])
    assert code.payload == payload_of(row)
    assert code.kid.hex() == row["kid"]
    verified = verify(code, key_of(row), row["deployment"])
    assert verified.payload == code.payload
    assert verified.replay_key.hex() == row["replay_key"]
    assert sig_structure(code.payload_bytes, code.kid, row["deployment"]).hex() == row["sig_structure"]


@pytest.mark.parametrize("row", VALID, ids=name)
def test_written(row: dict[str, Any]) -> None:
    signed: list[bytes] = []
    signature = bytes.fromhex(row["cose"])[-64:]

    def sign(data: bytes) -> bytes:
        signed.append(data)
        return signature

    kid = bytes.fromhex(row["kid"])
    assert encode(payload_of(row), kid, sign, row["deployment"]) == row["digits"]
    assert [data.hex() for data in signed] == [row["sig_structure"]]
    assert digits_of(b"\x01" + bytes.fromhex(row["cose"])) == row["digits"]


@pytest.mark.parametrize("row", VALID, ids=name)
def test_a_general_cbor_library_reads_and_writes_the_same_bytes(row: dict[str, Any]) -> None:
    framed = int(row["digits"]).to_bytes(len(row["cose"]) // 2 + 1, "big")
    stream = io.BytesIO(framed[1:])
    read_back = cbor2.load(stream)
    assert stream.read() == b""
    protected, unprotected, payload, signature = read_back
    assert cbor2.loads(protected) == {1: -7, 4: bytes.fromhex(row["kid"])}
    assert unprotected == {}
    assert len(signature) == 64
    assert cbor2.dumps(cbor2.loads(payload), canonical=True) == payload
    assert cbor2.dumps(read_back, canonical=True) == framed[1:]
    code = payload_of(row)
    assert cbor2.loads(payload) == [
        1,
        code.issuer,
        code.type,
        code.licence,
        code.holder,
        code.issued_at,
        code.ttl,
        code.list,
        code.index,
        code.nonce,
    ]


@pytest.mark.parametrize(
    "skin",
    [
        "HTTPS://EXAMPLE.GOV.CN/V/{}",
        "https://example.gov.cn/v/{}",
        "HTTP://127.0.0.1:8000/V/{}",
        "{}\r\n",
        "\t{} ",
        "anything/{}",
    ],
)
def test_the_digits_stand_at_the_end_of_whatever_carries_them(skin: str) -> None:
    row = VALID[0]
    assert parse(skin.format(row["digits"])) == parse(row["digits"])


@pytest.mark.parametrize("row", REFUSED, ids=name)
def test_refused(row: dict[str, str]) -> None:
    with pytest.raises(CodeRefused) as refused:
        verify(parse(row["text"]), KEYS["0102"], VECTORS["deployment"])
    assert refused.value.verdict == row["verdict"]
    assert refused.value.code == row["verdict"]


@pytest.mark.parametrize("row", VECTORS["freshness"], ids=str)
def test_fresh(row: dict[str, Any]) -> None:
    code = payload_of(VALID[0])
    assert code.ttl == row["ttl"]
    now = code.issued_at + row["seconds_after_issue"]
    assert freshness(code, now) == row["verdict"]
    refusals = {"code_expired": CodeExpired, "clock_differs": ClockDiffers}
    if row["verdict"] in refusals:
        with pytest.raises(refusals[row["verdict"]]):
            check_fresh(code, now)
    else:
        check_fresh(code, now)


def test_the_end_is_issue_and_time_to_live() -> None:
    code = payload_of(VALID[0])
    assert code.ends == code.issued_at + code.ttl
