"""The wire format of code A: digits ↔ ``0x01 ‖ COSE_Sign1`` (RFC 9052) ↔ :class:`CodeA`.

The layout is fixed, so it is written and read by hand: faster than a general CBOR library and as
strict, since every byte is either compared or canonical by construction::

    01                                   marks the number's start
    84                                   COSE_Sign1, untagged: array of four
      47 A2 01 26 04 42 kk kk            protected {1: -7 (ES256), 4: kid}
      A0                                 unprotected: exactly {}
      58 LL  8A 01 …                     payload: array of ten, the format number first
      58 40  r ‖ s                       signature, 64 bytes, s in the lower half

An unsigned integer is in its shortest form, at most 32 bits.  What begins with ``83`` would be a day
card (B).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from manyou.codes.errors import Unreadable

__all__ = [
    "CODE_SECONDS_MAX",
    "LEAST_DIGITS",
    "MOST_CHARACTERS",
    "ORDER",
    "CodeA",
    "Sign",
    "SignedCode",
    "digits_of",
    "encode",
    "parse",
    "sig_structure",
]

Sign = Callable[[bytes], bytes]
"""ES256 over the given bytes: raw r ‖ s, 64 bytes."""

LEAST_DIGITS: Final = 60
MOST_CHARACTERS: Final = 1024
"""Of a scanned text; a URL and a day card stay well below."""
CODE_SECONDS_MAX: Final = 600
"""A code that lives longer is none of ours."""
ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group P-256 (FIPS 186-5)."""

_HALF_ORDER: Final = ORDER // 2
_LICENCE_BYTES: Final = 12
_HOLDER_BYTES: Final = 12
_NONCE_BYTES: Final = 4
_KID_BYTES: Final = 2
_UINT_LIMIT: Final = 1 << 32

_DIGITS: Final = "0123456789"
_KIND_A: Final = b"A"
_PROTECTED: Final = b"\x47\xa2\x01\x26\x04\x42"
_START: Final = b"\x01\x84" + _PROTECTED
_PAYLOAD_START: Final = b"\x8a\x01"
_SIGNATURE_HEAD: Final = b"\x58\x40"
_SMALL: Final = tuple(bytes((value,)) for value in range(24))


@dataclass(frozen=True, slots=True)
class CodeA:
    """What code A says, by the numbers of the fields on the wire."""

    issuer: int
    """1: the issuer's number in the trust list, 0 to 2³²−1."""
    type: int
    """2: the licence type's number in the trust list."""
    licence: bytes
    """3: the licence's internal random id, 12 bytes."""
    holder: str | bytes
    """4: a person's masked name, 1 to 12 bytes of UTF-8; an organisation's packed USCC, 12 bytes."""
    issued_at: int
    """5: unix seconds."""
    ttl: int
    """6: seconds, 1 to 600."""
    list: int
    """7: number of the status list."""
    index: int
    """8: index in it."""
    nonce: bytes
    """9: 4 random bytes; two phones may show one licence in the same second."""

    @property
    def ends(self) -> int:
        """Unix seconds from which on the code is expired."""
        return self.issued_at + self.ttl


@dataclass(frozen=True, slots=True)
class SignedCode:
    """A code that is well formed; whose it is nobody has checked yet.  Built by :func:`parse`."""

    payload: CodeA
    kid: bytes
    """2 bytes, naming the key in the trust list."""
    payload_bytes: bytes
    signature: bytes
    """Raw r ‖ s, not checked."""


def encode(payload: CodeA, kid: bytes, sign: Sign, deployment: str) -> str:
    """The digits of a code; one signature.

    Args:
        kid: 2 bytes.
        sign: ES256 over the Sig_structure, raw r ‖ s; s is brought into the lower half here.
        deployment: names the installation, so that test and production never pass for each other.

    Raises:
        ValueError: a field is out of its range, or the signature is not 64 bytes.
    """
    body = _write_payload(payload)
    signature = _low(sign(sig_structure(body, kid, deployment)))
    head = b"%b%b\xa0\x58%c" % (_START, kid, len(body))
    return digits_of(b"".join((head, body, _SIGNATURE_HEAD, signature)))


def digits_of(framed: bytes) -> str:
    """``0x01 ‖ COSE_Sign1`` as one decimal number."""
    return str(int.from_bytes(framed, "big"))


def sig_structure(payload: bytes, kid: bytes, deployment: str) -> bytes:
    """What is signed: RFC 9052 section 4.4, with external_aad = kind ‖ deployment id."""
    return b"%b\x58%c%b" % (_signed_head(kid, deployment), len(payload), payload)


def parse(text: str) -> SignedCode:
    """The code at the end of ``text``: the digits alone, or a URL that ends in them.

    White space around it, as hand scanners add it, is ignored; nothing else is.

    Raises:
        Unreadable: no code, or not in the one canonical form.
    """
    if len(text) > MOST_CHARACTERS:
        raise Unreadable(detail="too long")
    text = text.strip()
    digits = text[len(text.rstrip(_DIGITS)) :]
    if len(digits) < LEAST_DIGITS:
        raise Unreadable(detail="no digits at the end")
    if digits[0] == "0":
        raise Unreadable(detail="leading zero")
    number = int(digits)
    framed = number.to_bytes((number.bit_length() + 7) // 8, "big")
    # The constant bytes before and after the kid, then the payload's length, which fixes all that follows.
    if len(framed) < 13 or not framed.startswith(_START) or framed[10:12] != b"\xa0\x58":
        raise Unreadable(detail="frame")
    end = 13 + framed[12]
    if len(framed) != end + 66 or framed[end : end + 2] != _SIGNATURE_HEAD:
        raise Unreadable(detail="length")
    body = framed[13:end]
    try:
        payload = _read_payload(body)
    except (IndexError, UnicodeDecodeError) as error:
        raise Unreadable(detail="payload") from error
    return SignedCode(payload, framed[8:10], body, framed[end + 2 :])


@lru_cache(maxsize=64)
def _signed_head(kid: bytes, deployment: str) -> bytes:
    aad = _KIND_A + deployment.encode()
    if len(kid) != _KID_BYTES:
        raise ValueError("a kid has 2 bytes")
    if not 2 <= len(aad) < 256:
        raise ValueError("a deployment id has 1 to 254 bytes")
    aad_head = bytes((0x40 + len(aad),)) if len(aad) < 24 else bytes((0x58, len(aad)))
    return b"\x84\x6aSignature1" + _PROTECTED + kid + aad_head + aad


def _low(signature: bytes) -> bytes:
    if len(signature) != 64:
        raise ValueError("a signature has 64 bytes")
    s = int.from_bytes(signature[32:], "big")
    if s > _HALF_ORDER:
        return signature[:32] + (ORDER - s).to_bytes(32, "big")
    return signature


def _write_payload(code: CodeA) -> bytes:
    holder = code.holder
    if isinstance(holder, str):
        name = holder.encode()
        if not 0 < len(name) <= _HOLDER_BYTES:
            raise ValueError("a masked name has 1 to 12 bytes")
        holder_item = b"%c%b" % (0x60 + len(name), name)
    else:
        if len(holder) != _HOLDER_BYTES:
            raise ValueError("a packed USCC has 12 bytes")
        holder_item = b"\x4c" + holder
    if len(code.licence) != _LICENCE_BYTES or len(code.nonce) != _NONCE_BYTES:
        raise ValueError("a licence id has 12 bytes, a nonce 4")
    if not 0 < code.ttl <= CODE_SECONDS_MAX:
        raise ValueError("a code lives 1 to 600 seconds")
    return b"%b%b%b\x4c%b%b%b%b%b%b\x44%b" % (
        _PAYLOAD_START,
        _write_uint(code.issuer),
        _write_uint(code.type),
        code.licence,
        holder_item,
        _write_uint(code.issued_at),
        _write_uint(code.ttl),
        _write_uint(code.list),
        _write_uint(code.index),
        code.nonce,
    )


def _write_uint(value: int) -> bytes:
    if 0 <= value < 24:
        return _SMALL[value]
    if 0 < value < 0x100:
        return bytes((0x18, value))
    if 0 < value < 0x10000:
        return b"\x19" + value.to_bytes(2, "big")
    if 0 < value < _UINT_LIMIT:
        return b"\x1a" + value.to_bytes(4, "big")
    raise ValueError("a number has at most 32 bits")


def _read_payload(body: bytes) -> CodeA:
    if not body.startswith(_PAYLOAD_START):
        raise Unreadable(detail="format number")
    issuer, at = _read_uint(body, 2)
    type_number, at = _read_uint(body, at)
    if body[at] != 0x4C:
        raise Unreadable(detail="licence")
    licence = body[at + 1 : at + 13]
    at += 13
    head = body[at]
    holder: str | bytes
    if head == 0x4C:
        holder = body[at + 1 : at + 13]
        at += 13
    elif 0x60 < head <= 0x60 + _HOLDER_BYTES:
        holder = body[at + 1 : at + head - 0x5F].decode()
        at += head - 0x5F
    else:
        raise Unreadable(detail="holder")
    issued_at, at = _read_uint(body, at)
    ttl, at = _read_uint(body, at)
    list_number, at = _read_uint(body, at)
    index, at = _read_uint(body, at)
    # The nonce must end exactly where the payload ends; so a slice above that ran over cannot pass.
    if body[at] != 0x44 or len(body) != at + 5:
        raise Unreadable(detail="nonce")
    if not 0 < ttl <= CODE_SECONDS_MAX:
        raise Unreadable(detail="time to live")
    return CodeA(issuer, type_number, licence, holder, issued_at, ttl, list_number, index, body[at + 1 :])


def _read_uint(body: bytes, at: int) -> tuple[int, int]:
    """Value and the place after it; only the shortest form, at most 32 bits (RFC 8949 section 4.2.1)."""
    head = body[at]
    if head < 24:
        return head, at + 1
    if head == 0x1A:
        value, after, least = int.from_bytes(body[at + 1 : at + 5], "big"), at + 5, 0x10000
    elif head == 0x19:
        value, after, least = int.from_bytes(body[at + 1 : at + 3], "big"), at + 3, 0x100
    elif head == 0x18:
        value, after, least = body[at + 1], at + 2, 24
    else:
        raise Unreadable(detail="number")
    if value < least:
        raise Unreadable(detail="number not in its shortest form")
    return value, after
