"""A code has one form.  What differs in a bit, byte or digit is refused, or a spent code would pass again."""

from __future__ import annotations

import random
from dataclasses import replace

import cbor2
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from manyou.codes import CodeA, CodeRefused, Unreadable, digits_of, encode, parse, verify
from tests.vectors.frozen import SigningKey

KEY = SigningKey("0102")
KID = b"\x01\x02"
DEPLOYMENT = "test"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SEED = 20261123

numbers = st.integers(0, 2**32 - 1)
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(
    lambda name: len(name.encode()) <= 12
)
codes = st.builds(
    CodeA,
    issuer=numbers,
    type=numbers,
    licence=st.binary(min_size=12, max_size=12),
    holder=names | st.binary(min_size=12, max_size=12),
    issued_at=numbers,
    ttl=st.integers(1, 600),
    list=numbers,
    index=numbers,
    nonce=st.binary(min_size=4, max_size=4),
)
SAMPLE = CodeA(300, 44, bytes(range(12)), "欧***", 1_795_392_000, 60, 3, 70_000, b"abcd")


def framed(code: CodeA) -> bytes:
    number = int(encode(code, KID, KEY.sign, DEPLOYMENT))
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def refused(data: bytes) -> bool:
    try:
        verify(parse(digits_of(data)), KEY.public, DEPLOYMENT)
    except CodeRefused:
        return True
    return False


def sample(dice: random.Random) -> CodeA:
    holder: str | bytes = dice.choice(["欧***", "王*", "𬭎**"]) if dice.random() < 0.7 else dice.randbytes(12)
    return CodeA(
        issuer=dice.randrange(2**16),
        type=dice.randrange(2**10),
        licence=dice.randbytes(12),
        holder=holder,
        issued_at=dice.randrange(2**32),
        ttl=60,
        list=dice.randrange(2**12),
        index=dice.randrange(2**20),
        nonce=dice.randbytes(4),
    )


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_every_bit_of_20_codes() -> None:
    dice = random.Random(SEED)
    for _ in range(20):
        data = framed(sample(dice))
        assert not refused(data)
        assert [bit for bit in range(8 * len(data)) if not refused(flipped(data, bit))] == []


def test_50_bits_in_each_of_1000_codes() -> None:
    dice = random.Random(SEED + 1)
    for _ in range(1_000):
        data = framed(sample(dice))
        bits = dice.sample(range(8 * len(data)), 50)
        assert [bit for bit in bits if not refused(flipped(data, bit))] == []


@given(codes)
def test_what_is_written_is_read_and_written_again_the_same(code: CodeA) -> None:
    digits = encode(code, KID, KEY.sign, DEPLOYMENT)
    read = parse(digits)
    assert read.payload == code
    again = encode(read.payload, read.kid, lambda _: read.signature, DEPLOYMENT)
    assert again == digits
    assert cbor2.dumps(cbor2.loads(read.payload_bytes), canonical=True) == read.payload_bytes


@given(codes, st.data())
def test_another_spelling_of_the_payload_is_refused(code: CodeA, data: st.DataObject) -> None:
    """Whatever CBOR says the same in other bytes does not parse, though its signature would stand."""
    canonical = parse(encode(code, KID, KEY.sign, DEPLOYMENT)).payload_bytes
    cut = data.draw(st.integers(0, len(canonical)))
    inserted = data.draw(st.binary(max_size=3))
    dropped = data.draw(st.integers(0, 3))
    other = canonical[:cut] + inserted + canonical[cut + dropped :]
    assume(other != canonical and len(other) < 256)
    head = framed(code)
    data_ = head[:12] + bytes((len(other),)) + other + head[-66:]
    try:
        read = parse(digits_of(data_))
    except Unreadable:
        return
    # It happens to be another well-formed payload: then it is canonical too, and the signature is not for it.
    assert cbor2.dumps(cbor2.loads(read.payload_bytes), canonical=True) == read.payload_bytes == other
    assert refused(data_)


@given(st.binary(min_size=25, max_size=200))
def test_no_bytes_break_the_parser(data: bytes) -> None:
    assert refused(b"\x01" + data)


@given(st.text(max_size=300))
def test_no_text_breaks_the_parser(text: str) -> None:
    with pytest.raises(Unreadable):
        parse(text)


def test_the_signers_half_does_not_matter() -> None:
    def upper(data: bytes) -> bytes:
        signature = KEY.sign(data)
        s = int.from_bytes(signature[32:], "big")
        return signature[:32] + max(s, ORDER - s).to_bytes(32, "big")

    verify(parse(encode(SAMPLE, KID, upper, DEPLOYMENT)), KEY.public, DEPLOYMENT)


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": -1},
        {"type": 2**32},
        {"index": 2**32},
        {"issued_at": -1},
        {"ttl": 0},
        {"ttl": 601},
        {"licence": bytes(11)},
        {"nonce": bytes(5)},
        {"holder": ""},
        {"holder": "欧阳小明的名"},
        {"holder": bytes(13)},
    ],
    ids=str,
)
def test_a_field_out_of_its_range_is_not_written(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"bytes|bits|seconds"):
        encode(replace(SAMPLE, **changes), KID, KEY.sign, DEPLOYMENT)  # type: ignore[arg-type]


@pytest.mark.parametrize(("kid", "deployment"), [(b"\x01", "x"), (b"abc", "x"), (KID, ""), (KID, "x" * 255)])
def test_kid_and_deployment_have_their_lengths(kid: bytes, deployment: str) -> None:
    with pytest.raises(ValueError, match="bytes"):
        encode(SAMPLE, kid, KEY.sign, deployment)


def test_a_signature_has_64_bytes() -> None:
    with pytest.raises(ValueError, match="64"):
        encode(SAMPLE, KID, lambda _: bytes(63), DEPLOYMENT)
