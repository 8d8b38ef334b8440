"""The trust list: who may sign what.

It is a JWS (ES256, typ ``trust-list+jwt``) that names

- issuers (number, name, USCC) and licence types (number, code, name, public or not), by which codes
  and licences name them;
- keys by kid, each for one purpose (``code``, ``licence``, ``status``), with validity and the types it
  may sign;
- where the status lists are;
- the **anchors** that may sign the next list.

A verifier pins anchors (JWKs) and a version: :class:`Pin`.  It refuses a list that is older than one it
has seen, and each list it accepts gives the pin for the next.  Kids are never used twice, and verifying
keys stay in the list for ever, since licences outlive them.  A code key's kid is written as 4
hexadecimal digits for its 2 bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from manyou._jws import UNREADABLE, BadJws, Sign, header_of, load_es256, open_signed, seal
from manyou.errors import Malformed

__all__ = [
    "LONGEST",
    "TYP",
    "Issuer",
    "KeyPurpose",
    "LicenceType",
    "Pin",
    "StatusListAddress",
    "TrustContent",
    "TrustList",
    "TrustListExpired",
    "TrustListRefused",
    "TrustListRolledBack",
    "TrustedKey",
    "sign",
]

TYP: Final = "trust-list+jwt"
LONGEST: Final = 8 * 1024 * 1024
"""Characters of a list that is still read."""
AHEAD_SECONDS: Final = 30

KeyPurpose = Literal["code", "licence", "status"]


class TrustListRefused(Malformed):
    """Not signed by a pinned anchor, for another deployment, or not in form."""

    code = "trust_list_refused"
    mend = "Fetch the trust list again from its own address; check the pinned anchor."


class TrustListRolledBack(TrustListRefused):
    """Older than a list that was seen before."""

    code = "trust_list_rolled_back"
    mend = "Do not use this list: a newer one has been seen."


class TrustListExpired(TrustListRefused):
    """Past its end."""

    code = "trust_list_expired"
    mend = "Fetch the trust list again."


class Issuer(msgspec.Struct, frozen=True):
    """A body that issues licences."""

    number: int
    name: str
    uscc: str


class LicenceType(msgspec.Struct, frozen=True):
    """A type of licence; ``public``: anyone may see what the law publishes of it."""

    number: int
    code: str
    """21 characters, GB/T 36904."""
    name: str
    public: bool = False


class TrustedKey(msgspec.Struct, frozen=True, dict=True, omit_defaults=True):
    """A key, for one purpose."""

    kid: str
    purpose: KeyPurpose
    jwk: dict[str, str]
    not_before: int
    """Unix seconds; good for what was signed from then on …"""
    not_after: int | None = None
    """… and before then; None while it is in use."""
    types: tuple[str, ...] = ()
    """Of a licence key: the type codes that it may sign; empty: none."""
    uscc: str = ""
    """Of a licence key: the authority whose key it is."""

    def good_at(self, time: int) -> bool:
        """Whether what was signed at ``time`` (unix seconds) may be by this key."""
        return self.not_before <= time and (self.not_after is None or time < self.not_after)

    @cached_property
    def public_key(self) -> EllipticCurvePublicKey:
        """The key, read once.

        Raises:
            BadJws: the JWK is no public key on P-256.
        """
        return load_es256(self.jwk)


class StatusListAddress(msgspec.Struct, frozen=True):
    """Where a status list is fetched; ``uri`` is also its ``sub``."""

    number: int
    uri: str


class TrustContent(msgspec.Struct, frozen=True, kw_only=True):
    """The claims of a trust list, as they stand on the wire."""

    iss: str
    """The service's issuer URL."""
    deployment: str
    version: int
    """Rises with every change, never falls, also not after a restore."""
    iat: int
    exp: int
    issuers: tuple[Issuer, ...] = ()
    types: tuple[LicenceType, ...] = ()
    keys: tuple[TrustedKey, ...] = ()
    status_lists: tuple[StatusListAddress, ...] = ()
    anchors: tuple[dict[str, str], ...]
    """JWKs with ``kid`` that may sign the next list."""


class TrustList(msgspec.Struct, frozen=True):
    """A trust list that a pinned anchor has signed.  Built by :meth:`Pin.verify` alone."""

    content: TrustContent
    issuers: dict[int, Issuer]
    types: dict[int, LicenceType]
    type_codes: dict[str, LicenceType]
    status_lists: dict[int, StatusListAddress]
    keys: dict[tuple[str, str], TrustedKey]
    """By (purpose, kid)."""

    @property
    def deployment(self) -> str:
        """The installation whose list this is."""
        return self.content.deployment

    @property
    def version(self) -> int:
        """Of the list."""
        return self.content.version

    def key(self, purpose: KeyPurpose, kid: str) -> TrustedKey | None:
        """The key of this kid, for this purpose and no other."""
        return self.keys.get((purpose, kid))

    def code_key(self, kid: bytes) -> TrustedKey | None:
        """The key that a code's two bytes name."""
        return self.keys.get(("code", kid.hex()))

    def expired(self, now: int) -> bool:
        """Whether the list is past its end; then nothing is to be believed by it."""
        return now >= self.content.exp

    @property
    def pin(self) -> Pin:
        """What to pin for the next list."""
        return Pin(self.content.anchors, self.content.deployment, self.content.version)


class Pin(msgspec.Struct, frozen=True):
    """What a verifier holds on to: who may sign the next list, of which installation, the version seen."""

    anchors: tuple[dict[str, str], ...]
    """JWKs on P-256, each with its ``kid``."""
    deployment: str
    version: int = 0

    def verify(self, token: str, now: int) -> TrustList:
        """The list, if a pinned anchor has signed it and it is none older than seen.

        Raises:
            TrustListRefused: form, signature, deployment, or a kid used twice.
            TrustListRolledBack: its version is below the one seen.
            TrustListExpired: ``now`` is at or past its end, or 30 s and more before its beginning.
        """
        content = self._opened(token)
        if content.deployment != self.deployment:
            raise TrustListRefused(detail="deployment")
        if content.version < self.version:
            raise TrustListRolledBack(detail=f"version {content.version} < {self.version}")
        if now >= content.exp or content.iat - now > AHEAD_SECONDS:
            raise TrustListExpired(detail="exp or iat")
        if not content.anchors:
            raise TrustListRefused(detail="no anchor for the next list")
        return _indexed(content)

    def _opened(self, token: str) -> TrustContent:
        try:
            kid = header_of(token, typ=TYP, longest=LONGEST)
            anchor = next((each for each in self.anchors if each.get("kid") == kid), None)
            if anchor is None:
                raise TrustListRefused(detail="no pinned anchor has this kid")
            return msgspec.json.decode(open_signed(token, load_es256(anchor)), type=TrustContent)
        except (BadJws, *UNREADABLE) as error:
            raise TrustListRefused(detail=str(error)) from error


def sign(content: TrustContent, kid: str, sign: Sign) -> str:
    """The signed list; ``kid`` names an anchor.  ``msgspec.to_builtins(content)`` gives the claims alone."""
    return seal(msgspec.json.encode(content), kid=kid, typ=TYP, sign=sign)


def _indexed(content: TrustContent) -> TrustList:
    keys: dict[tuple[str, str], TrustedKey] = {(key.purpose, key.kid): key for key in content.keys}
    issuers = {issuer.number: issuer for issuer in content.issuers}
    types = {each.number: each for each in content.types}
    type_codes = {each.code: each for each in content.types}
    status_lists = {each.number: each for each in content.status_lists}
    pairs: tuple[tuple[Mapping[Any, Any], tuple[Any, ...]], ...] = (
        ({key.kid: key for key in content.keys}, content.keys),
        (issuers, content.issuers),
        (types, content.types),
        (type_codes, content.types),
        (status_lists, content.status_lists),
    )
    if any(len(index) != len(entries) for index, entries in pairs):
        raise TrustListRefused(detail="a number, code or kid stands twice")
    return TrustList(content, issuers, types, type_codes, status_lists, keys)
