"""DPoP proofs (RFC 9449 § 4.3): that who sends a request holds the private key that its token is bound to.

What costs is one signature: a header is the same text in every proof of a key, so its key is remembered by
it. The refusals name the claim or header parameter that failed.
"""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING, Final

import msgspec

from idp.oauth.errors import InvalidDpopProof, UseDpopNonce
from idp.oauth.senders.sender import Sender, of_key
from keys import (
    ForeignKey,
    ForeignRefused,
    KeySetRefused,
    base64url,
    read_foreign,
    read_public_key,
)
from store import Marker, spend_name
from web.challenges import DPOP_ALGORITHMS

if TYPE_CHECKING:
    from collections.abc import Collection

    from idp.oauth.senders.dpop_nonce import Nonces
    from store import Tx
    from web.call import Call

__all__ = ["HEADER", "Proof", "Proofs", "thumbprint_of"]

HEADER: Final = "DPoP"
TYPE: Final = "dpop+jwt"
LONGEST: Final = 8_192
"""Characters of a proof; an RSA key of 8192 bits has 1400 of them."""
JTI_MOST: Final = 256
AHEAD_MOST: Final = 30
"""Seconds that a proof's clock may be ahead: FAPI 2.0 § 5.3.2.1 wants 10 accepted and 60 refused."""
AGE_MOST: Final = 60
"""Seconds that a proof is good from its ``iat`` on."""
SPAN: Final = AHEAD_MOST + AGE_MOST + 1
"""Proofs that are good at one time end within so many seconds of one another."""
REMEMBERED_MOST: Final = 4_096
"""Keys since the last clearing, about 2 KiB each."""
KIND: Final = "dpop"

_DEFAULT_PORT: Final = {"http": "80", "https": "443"}
_URI: Final = re.compile(
    r"(https?)://([^/?#:@\[\]]+|\[[0-9a-f:.]+\])(?::([0-9]{0,5}))?([^?#]*)", re.IGNORECASE
)
_PERCENT: Final = re.compile(r"%([0-9A-Fa-f]{2})")

Number = int | float


class _Claims(msgspec.Struct, frozen=True):
    """None: not there."""

    jti: str | None = None
    htm: str | None = None
    htu: str | None = None
    iat: Number | None = None
    nbf: Number | None = None
    exp: Number | None = None
    ath: str | None = None
    nonce: str | None = None


class Proof(msgspec.Struct, frozen=True):
    """A proof that was found good; whether for the first time, ``use`` decides."""

    sender: Sender
    marker: Marker

    def use(self, tx: Tx) -> None:
        """Spend the ``jti``, in the work that has the effect.

        Raises:
            InvalidDpopProof: it was used before.

        """
        if not spend_name(tx, self.marker, SPAN):
            raise InvalidDpopProof("Send a new DPoP proof with another jti; this one was used.")


_decode = msgspec.json.Decoder(_Claims).decode


class Proofs:
    """Reads the proofs of one provider's requests."""

    def __init__(self, origins: Collection[str], nonces: Nonces) -> None:
        """``origins``: under which clients know us, the certificates' listener among them."""
        self._origins = tuple(origins)
        self.nonces = nonces
        self._keys: dict[str, tuple[str, ForeignKey, Sender]] = {}

    def read(self, call: Call, access_token: str | None = None) -> Proof | None:
        """The proof of a request; None where it brings none.

        Args:
            call: from here on its answer offers a nonce.
            access_token: that the request uses; the proof must be made for it.

        Raises:
            InvalidDpopProof: the mend names what failed.
            UseDpopNonce: we want a nonce in it, or another.

        """
        text = call.header(HEADER)
        if text is None:
            return None
        nonces = self.nonces
        if nonces.mode != "off":
            call.adds += (("DPoP-Nonce", nonces.newest(call.now)),)
        sender, claims = self._verified(text)
        jti, iat = claims.jti, claims.iat
        if not jti or len(jti) > JTI_MOST:
            raise InvalidDpopProof(f"Send the claim jti in the DPoP proof, of at most {JTI_MOST} characters.")
        if claims.htm != call.method:
            raise InvalidDpopProof("Send the request's method as the claim htm of the DPoP proof.")
        if claims.htu is None or not self._here(claims.htu, call):
            raise InvalidDpopProof(
                "Send the request's URI, without query, as the claim htu of the DPoP proof."
            )
        if iat is None or not -AHEAD_MOST <= call.now - iat <= AGE_MOST:
            raise InvalidDpopProof(f"Send the claim iat in the DPoP proof, of the last {AGE_MOST} seconds.")
        _in_time(claims, call.now)
        if access_token is not None and claims.ath != _hash_of(access_token):
            raise InvalidDpopProof("Send the SHA-256 of the access token as the claim ath of the DPoP proof.")
        if nonces.mode != "off" and not self._fresh(claims.nonce, call.now):
            raise UseDpopNonce
        return Proof(sender, _marker(sender, jti, int(iat) + AGE_MOST + 1, call.now))

    def _fresh(self, nonce: str | None, now: int) -> bool:
        return self.nonces.mode == "on" if nonce is None else self.nonces.good(nonce, now)

    def _verified(self, text: str) -> tuple[Sender, _Claims]:
        """Whose key signed it, and what."""
        if len(text) > LONGEST:
            raise InvalidDpopProof(f"Send a DPoP proof of at most {LONGEST} characters.")
        head, _, rest = text.partition(".")
        known = self._keys.get(head)
        algorithm, key, sender = known or _key(text)
        data, dot, signature = text.rpartition(".")
        try:
            payload = _bytes(rest.rpartition(".")[0])
            good = dot and key.verifies(algorithm, _bytes(signature), data.encode("ascii"))
        except ValueError as error:
            raise InvalidDpopProof("Send the DPoP proof as a compact JWS in base64url.") from error
        if not good:
            raise InvalidDpopProof("Sign the DPoP proof with the private key of its header's jwk.")
        if known is None:
            if len(self._keys) >= REMEMBERED_MOST:
                self._keys = {}
            self._keys[head] = algorithm, key, sender
        try:
            return sender, _decode(payload)
        except msgspec.ValidationError as error:
            name = str(error).rpartition("$.")[2].rstrip("`")
            which = f"the claim {name}" if name in _Claims.__struct_fields__ else "its claims"
            raise InvalidDpopProof(f"Send a DPoP proof with {which} of the right type.") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidDpopProof("Send a DPoP proof whose payload is a JSON object.") from error

    def _here(self, htu: str, call: Call) -> bool:
        """Whether a URI is that of the request, query and fragment left out (RFC 9449 § 4.3)."""
        path = call.path
        if any(htu == origin + path for origin in self._origins):
            return True
        wanted = path.encode("latin-1", "replace")  # as WSGI has it: bytes
        parts = _normal(htu)
        return parts is not None and parts[1] == wanted and parts[0] in map(_origin_of, self._origins)


def thumbprint_of(text: str) -> Sender | None:
    """The sender that a ``dpop_jkt`` names (RFC 9449 § 10); None where it is no SHA-256 in base64url."""
    try:
        raw = _bytes(text)
    except ValueError:
        return None
    return of_key(raw) if len(raw) == hashlib.sha256().digest_size else None


def _key(text: str) -> tuple[str, ForeignKey, Sender]:
    """Algorithm and key of a header that is seen for the first time."""
    try:
        jws = read_foreign(text, algorithms=DPOP_ALGORITHMS, typs=(TYPE,))
        jwk = jws.header.get("jwk")
        if not isinstance(jwk, dict):
            raise InvalidDpopProof("Send the public key as jwk in the header of the DPoP proof.")
        key = read_public_key(jwk)
    except ForeignRefused as error:
        raise InvalidDpopProof(f"In the DPoP proof: {error.mend}") from error
    except KeySetRefused as error:
        raise InvalidDpopProof(f"In the jwk of the DPoP proof: {error.mend}") from error
    return jws.algorithm, key, of_key(_bytes(key.thumbprint))


def _in_time(claims: _Claims, now: int) -> None:
    if claims.nbf is not None and claims.nbf - now > AHEAD_MOST:
        raise InvalidDpopProof("Send a DPoP proof whose claim nbf has come.")
    if claims.exp is not None and now >= claims.exp:
        raise InvalidDpopProof("Send a DPoP proof whose claim exp has not come.")


def _marker(sender: Sender, jti: str, ends: int, now: int) -> Marker:
    value = hashlib.sha256(jti.encode("utf-8", "surrogatepass")).digest()[:16]
    return Marker(owner=sender, kind=KIND, value=value, ends=ends, by=b"", at=now, ref=b"")


def _hash_of(access_token: str) -> str:
    return base64url(hashlib.sha256(access_token.encode("utf-8", "replace")).digest()).decode()


def _bytes(text: str) -> bytes:
    raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if base64url(raw) != text.encode():
        raise ValueError("not canonical base64url")
    return raw


def _normal(uri: str) -> tuple[str, bytes] | None:
    """Origin and path after normalisation by syntax and scheme (RFC 3986 § 6.2.2, § 6.2.3)."""
    parts = _URI.match(uri)
    if parts is None:
        return None
    scheme, host, port, path = parts[1].lower(), parts[2].lower(), parts[3], parts[4] or "/"
    shown = "" if port in (None, "", _DEFAULT_PORT[scheme]) else f":{port}"
    try:
        raw = _PERCENT.sub(lambda each: chr(int(each[1], 16)), path).encode("latin-1")
    except UnicodeEncodeError:
        return None
    return f"{scheme}://{host}{shown}", raw


def _origin_of(uri: str) -> str:
    parts = _normal(uri)
    return parts[0] if parts else ""
