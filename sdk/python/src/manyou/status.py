"""Token Status List, 2 bits a licence: the list itself, its claims, and verifying it.

After the IETF draft *Token Status List*: entry ``i`` stands in the bits ``2i`` and ``2i+1``, counted from the
least significant bit of each byte; the bytes are compressed with zlib and put into a JWT of typ
``statuslist+jwt`` whose ``sub`` is the list's own address.  0 is valid, 1 invalid (ended for whatever reason,
expiry too), 2 suspended; 3 is reserved and refused.

Ours carry one claim more, ``version``, which only rises.  A verifier refuses a list that is older than one it
has seen, an index beyond the list, and a list at or past its limit: the earlier of ``exp`` and ``iat + ttl``.
"""

from __future__ import annotations

import zlib
from enum import IntEnum
from typing import Annotated, Any, Final

import msgspec

from manyou._jws import UNREADABLE, BadJws, Sign, b64, header_of, open_signed, seal, unb64
from manyou.errors import Malformed
from manyou.trust import TrustList

__all__ = [
    "BITS",
    "LARGEST_BYTES",
    "TYP",
    "Status",
    "StatusBits",
    "StatusClaims",
    "StatusList",
    "StatusListRefused",
    "StatusListRolledBack",
    "StatusOutOfRange",
    "claims",
    "compress",
    "decompress",
    "sign",
    "verify",
]

TYP: Final = "statuslist+jwt"
BITS: Final = 2
LARGEST_BYTES: Final = 1 << 22
"""Of an unpacked list: 16 million licences.  More is a bomb."""
LONGEST: Final = 2 * LARGEST_BYTES
"""Characters of a token that is still read."""
AHEAD_SECONDS: Final = 30

_PER_BYTE: Final = 8 // BITS
_MASK: Final = (1 << BITS) - 1


class StatusListRefused(Malformed):
    """Not signed by a key for status lists, another list's, or not in form."""

    code = "status_list_refused"
    mend = "Fetch the status list again from the address in the trust list."


class StatusListRolledBack(StatusListRefused):
    """Older than one that was seen before."""

    code = "status_list_rolled_back"
    mend = "Do not use this list: a newer one has been seen."


class StatusOutOfRange(StatusListRefused):
    """The list does not reach to this index, or the entry's value is reserved."""

    code = "status_out_of_range"
    mend = "Treat the status as unknown, never as valid."


class Status(IntEnum):
    """What two bits say."""

    VALID = 0
    INVALID = 1
    SUSPENDED = 2


class StatusBits:
    """A list in the making: ``size`` entries, all valid at first.  ``size`` is rounded up to whole bytes."""

    __slots__ = ("_data",)

    def __init__(self, size: int) -> None:
        """Make room for ``size`` entries, at most 4 × :data:`LARGEST_BYTES`."""
        if not 0 < size <= LARGEST_BYTES * _PER_BYTE:
            raise ValueError("a status list has 1 to 16,777,216 entries")
        self._data = bytearray(-(-size // _PER_BYTE))

    @classmethod
    def of(cls, data: bytes) -> StatusBits:
        """A list that goes on from packed ``data``."""
        bits = cls(len(data) * _PER_BYTE)
        bits._data[:] = data
        return bits

    def __len__(self) -> int:
        return len(self._data) * _PER_BYTE

    def __getitem__(self, index: int) -> Status:
        return _entry(self._data, index)

    def __setitem__(self, index: int, status: Status) -> None:
        if not 0 <= index < len(self):
            raise StatusOutOfRange(detail=f"index {index}")
        at, shift = index // _PER_BYTE, index % _PER_BYTE * BITS
        self._data[at] = self._data[at] & ~(_MASK << shift) | Status(status) << shift

    def packed(self) -> bytes:
        """The bytes, four entries each."""
        return bytes(self._data)


def compress(packed: bytes) -> str:
    """The claim ``lst``: zlib at its best, base64url.  ``B9 A3`` gives ``eNrbuRgAAhcBXQ``."""
    return b64(zlib.compress(packed, level=9))


def decompress(lst: str) -> bytes:
    """The bytes of the claim ``lst``.

    Raises:
        StatusListRefused: not zlib, something behind it, or over :data:`LARGEST_BYTES`.
    """
    unpacker = zlib.decompressobj()
    try:
        packed = unpacker.decompress(unb64(lst), LARGEST_BYTES + 1)
    except (BadJws, zlib.error) as error:
        raise StatusListRefused(detail="not compressed by zlib") from error
    if len(packed) > LARGEST_BYTES or not unpacker.eof or unpacker.unused_data:
        raise StatusListRefused(detail="too large, cut off, or with something behind")
    return packed


class _Lst(msgspec.Struct, frozen=True):
    bits: int
    lst: str


class StatusClaims(msgspec.Struct, frozen=True, kw_only=True):
    """The claims of a status list, as they stand on the wire."""

    sub: str
    """The list's address."""
    iat: Annotated[int, msgspec.Meta(ge=0)]
    exp: int
    ttl: Annotated[int, msgspec.Meta(gt=0)]
    """Seconds from ``iat`` for which a verifier may go on with its copy."""
    version: Annotated[int, msgspec.Meta(ge=0)]
    status_list: _Lst


def claims(uri: str, packed: bytes, *, iat: int, exp: int, ttl: int, version: int) -> dict[str, Any]:
    """The claims to be signed as a JWT of typ :data:`TYP` by a key listed for the purpose *status*."""
    return {
        "sub": uri,
        "iat": iat,
        "exp": exp,
        "ttl": ttl,
        "version": version,
        "status_list": {"bits": BITS, "lst": compress(packed)},
    }


def sign(claims: dict[str, Any], kid: str, sign: Sign) -> str:
    """The signed list, for who has a signing function rather than a JWT signer."""
    return seal(msgspec.json.encode(claims), kid=kid, typ=TYP, sign=sign)


class StatusList(msgspec.Struct, frozen=True):
    """A status list whose signature, address and age stand.  Built by :func:`verify` alone."""

    number: int
    uri: str
    version: int
    iat: int
    limit: int
    """Unix seconds from which on it answers nothing: the earlier of ``exp`` and ``iat + ttl``."""
    packed: bytes

    def __len__(self) -> int:
        return len(self.packed) * _PER_BYTE

    def status(self, index: int) -> Status:
        """The entry of a licence.

        Raises:
            StatusOutOfRange: the list does not reach so far, or the entry is the reserved 3.
        """
        return _entry(self.packed, index)

    def age(self, now: int) -> int:
        """Seconds since it was signed; 0 where it is ahead of this clock."""
        return max(0, now - self.iat)

    def usable(self, now: int) -> bool:
        """Whether it may still answer."""
        return now < self.limit and self.iat - now <= AHEAD_SECONDS


def verify(token: str, number: int, trust: TrustList, now: int, seen: StatusList | None = None) -> StatusList:
    """The list of this number, verified by a key that the trust list names for status lists.

    Args:
        seen: the newest copy that this verifier has had.

    Raises:
        StatusListRefused: form, signature, key, ``sub`` not the listed address, or past its limit.
        StatusListRolledBack: version or ``iat`` is below those of ``seen``.
    """
    address = trust.status_lists.get(number)
    if address is None:
        raise StatusListRefused(detail="the trust list names no such list")
    opened = _opened(token, trust)
    if opened.sub != address.uri:
        raise StatusListRefused(detail="sub is not the address of this list")
    if opened.status_list.bits != BITS:
        raise StatusListRefused(detail="bits")
    if seen is not None and (opened.version < seen.version or opened.iat < seen.iat):
        raise StatusListRolledBack(detail=f"version {opened.version}, seen {seen.version}")
    limit = min(opened.exp, opened.iat + opened.ttl)
    packed = decompress(opened.status_list.lst)
    found = StatusList(number, address.uri, opened.version, opened.iat, limit, packed)
    if not found.usable(now):
        raise StatusListRefused(detail="past its limit, or ahead of this clock")
    return found


def _opened(token: str, trust: TrustList) -> StatusClaims:
    try:
        key = trust.key("status", header_of(token, typ=TYP, longest=LONGEST))
        if key is None:
            raise StatusListRefused(detail="no key for status lists has this kid")
        opened = msgspec.json.decode(open_signed(token, key.public_key), type=StatusClaims)
    except (BadJws, *UNREADABLE) as error:
        raise StatusListRefused(detail=str(error)) from error
    if not key.good_at(opened.iat):
        raise StatusListRefused(detail="the key was not valid when the list was made")
    return opened


def _entry(packed: bytes | bytearray, index: int) -> Status:
    if not 0 <= index < len(packed) * _PER_BYTE:
        raise StatusOutOfRange(detail=f"index {index}")
    value = packed[index // _PER_BYTE] >> index % _PER_BYTE * BITS & _MASK
    if value == _MASK:
        raise StatusOutOfRange(detail="reserved value")
    return Status(value)
