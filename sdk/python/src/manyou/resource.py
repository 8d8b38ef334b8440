"""A resource server of one's own: for whom a request is, by which client, and that its token is the sender's.

::

    records = ResourceServer("https://login.example", "https://records.example/api")
    access = records.verify(request.method, request.base_url, request.headers)   # AccessRefused: 401

Access tokens are JWTs of RFC 9068. One that is bound to a key counts with a DPoP proof of this very request
alone (RFC 9449 § 4.3, § 7.1), one bound to a certificate over a connection that the certificate authenticated
(RFC 8705 § 3). A token that was revoked meanwhile is good here until its end; ``Hall.introspect`` asks.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from manyou.errors import Unauthenticated
from manyou.hall.channel import Channel
from manyou.hall.id_token import AHEAD_SECONDS, ALGORITHMS, signed_claims
from manyou.hall.levels import reaches
from manyou.hall.provider import Provider

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from manyou.hall.channel import Transport

__all__ = ["Access", "AccessRefused", "ResourceServer"]

PROOF_SECONDS: Final = 60
"""A proof is good so long from its ``iat`` on."""
REQUEST_SECONDS: Final = 10.0
SEEN_MOST: Final = 100_000
"""Proofs remembered at most; then those that ended are forgotten."""
_THUMBPRINTED: Final = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n"), "OKP": ("crv", "kty", "x")}
_SECRET: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_DEFAULT_PORT: Final = {"http": 80, "https": 443}


class AccessRefused(Unauthenticated):
    """Answer 401 with ``challenge`` as ``WWW-Authenticate``; ``code`` is its ``error``."""

    code = "invalid_token"
    mend = "Send an access token for this resource."

    def __init__(self, detail: str, *, scheme: str = "Bearer", code: str = code, more: str = "") -> None:
        """``more``: further auth-params of the challenge."""
        super().__init__(detail=detail)
        self.code = code  # type: ignore[misc]  # the wire's own word
        self.challenge = f'{scheme} error="{code}"{more}'


@dataclass(frozen=True, slots=True)
class Access:
    """A token that passed every rule, and was sent by whom it is bound to."""

    claims: Mapping[str, Any] = field(repr=False)

    @property
    def sub(self) -> str:
        """Whom it is about, as this resource server alone knows them; the client itself without a person."""
        return str(self.claims["sub"])

    @property
    def client_id(self) -> str:
        """Who calls."""
        return str(self.claims["client_id"])

    @property
    def scopes(self) -> frozenset[str]:
        """What it opens."""
        return frozenset(str(self.claims.get("scope", "")).split())


class _Seen:
    """Proofs of this process; several processes share a place of their own."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._one = Lock()
        self._ends: dict[str, int] = {}

    def first(self, name: str, ends: int) -> bool:
        with self._one:
            if name in self._ends:
                return False
            if len(self._ends) >= SEEN_MOST:
                now = self._clock()
                self._ends = {each: end for each, end in self._ends.items() if end > now}
            self._ends[name] = ends
            return True


class ResourceServer:
    """One resource of one provider. Nothing is fetched before the first token; threads may share it."""

    def __init__(
        self,
        issuer: str,
        resource: str,
        *,
        algorithms: Sequence[str] = ALGORITHMS,
        first: Callable[[str, int], bool] | None = None,
        transport: Transport | None = None,
        clock: Callable[[], int] = lambda: int(time.time()),
    ) -> None:
        """``resource``: the URI (RFC 8707) that clients ask tokens with.

        ``first``: given a proof's name and its end in unix seconds, tell whether it was never given before;
        for several processes, which then share where they look. None: this process remembers.
        """
        self._resource = resource
        self._algorithms = tuple(algorithms)
        self._clock = clock
        self._first = first or _Seen(clock).first
        self._provider = Provider(issuer, Channel(resource, None, transport, REQUEST_SECONDS), clock)

    def verify(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        *,
        certificate: bytes | None = None,
        acr: str = "",
        max_age: int | None = None,
    ) -> Access:
        """The access of a request.

        Args:
            method: of the request.
            url: of the request, as the client wrote it; a query counts for nothing.
            headers: by any case.
            certificate: DER of the client's certificate, from a proxy that is believed.
            acr: levels of which the person's login must reach one.
            max_age: seconds since the login.

        Raises:
            AccessRefused: the detail names the first rule that is broken.
            ProviderUnavailable: its keys cannot be read.

        """
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        if not token or scheme.lower() not in {"bearer", "dpop"}:
            raise AccessRefused("no access token")
        claims, header = signed_claims(token, self._provider, self._algorithms, _Unsigned)
        broken = next((rule for rule, kept in self._rules(claims, header) if not kept), None)
        if broken is not None:
            raise AccessRefused(broken)
        self._sent_by(
            claims.get("cnf"), scheme.lower(), token, (method, url, headers.get("DPoP")), certificate
        )
        self._login(claims, acr, max_age)
        return Access(claims)

    def _rules(self, claims: Mapping[str, Any], header: Mapping[str, Any]) -> list[tuple[str, bool]]:
        audience, ends, at, now = claims.get("aud"), claims.get("exp"), claims.get("iat"), self._clock()
        return [
            ("typ", str(header.get("typ", "")).lower().removeprefix("application/") == "at+jwt"),
            ("iss", claims.get("iss") == self._provider.issuer),
            ("aud", self._resource in (audience if isinstance(audience, list) else [audience])),
            ("exp", isinstance(ends, int) and now < ends),
            ("iat", isinstance(at, int) and at <= now + AHEAD_SECONDS),
            ("sub", all(isinstance(claims.get(name), str) for name in ("sub", "client_id", "jti"))),
        ]

    def _sent_by(
        self,
        cnf: Any,
        scheme: str,
        token: str,
        request: tuple[str, str, str | None],
        certificate: bytes | None,
    ) -> None:
        """RFC 7800: a confirmation that is not understood refuses."""
        if cnf is None:
            if scheme != "bearer":
                raise AccessRefused("an unbound token under the scheme DPoP")
            return
        if not isinstance(cnf, dict) or len(cnf) != 1:
            raise AccessRefused("cnf")
        ((kind, value),) = cnf.items()
        if kind == "jkt" and scheme == "dpop":
            self._proof(str(value), token, *request)
        elif kind == "x5t#S256" and scheme == "bearer" and certificate is not None:
            if not hmac.compare_digest(str(value), _text(hashlib.sha256(certificate).digest())):
                raise AccessRefused("another certificate")
        else:
            raise AccessRefused(
                "not sent by whom it is bound to", scheme="DPoP" if kind == "jkt" else "Bearer"
            )

    def _proof(self, thumbprint: str, token: str, method: str, url: str, proof: str | None) -> None:
        claims = _signed_by(thumbprint, proof or "")
        now, at, jti, htu = self._clock(), claims.get("iat"), claims.get("jti"), claims.get("htu")
        if not isinstance(at, int | float) or not -AHEAD_SECONDS <= now - at <= PROOF_SECONDS:
            raise _unproven("iat")
        place = _place(htu) if isinstance(htu, str) else None
        rules = [
            ("jti", isinstance(jti, str) and 0 < len(jti) <= 256),
            ("htm", claims.get("htm") == method),
            ("htu", place is not None and place == _place(url)),
            ("nbf", _within(claims, "nbf", -math.inf, now + AHEAD_SECONDS)),
            ("exp", _within(claims, "exp", now + 1, math.inf)),
            ("ath", claims.get("ath") == _text(hashlib.sha256(token.encode()).digest())),
        ]
        broken = next((rule for rule, kept in rules if not kept), None)
        if broken is not None:
            raise _unproven(broken)
        if not self._first(f"{thumbprint} {jti}", int(at) + PROOF_SECONDS + AHEAD_SECONDS + 1):
            raise _unproven("jti")

    def _login(self, claims: Mapping[str, Any], acr: str, max_age: int | None) -> None:
        at = claims.get("auth_time")
        low = bool(acr) and not reaches(str(claims.get("acr", "")), acr)
        old = max_age is not None and not (isinstance(at, int) and self._clock() <= at + max_age)
        if low or old:
            levels = f', acr_values="{acr}"' if low else ""
            more = f'{levels}, max_age="{max_age}"' if old else levels
            raise AccessRefused("login", code="insufficient_user_authentication", more=more)


class _Unsigned(AccessRefused):
    def __init__(self, *, detail: str) -> None:
        super().__init__(detail)


def _unproven(detail: str) -> AccessRefused:
    algs = f', algs="{" ".join(ALGORITHMS)}"'
    return AccessRefused(detail, scheme="DPoP", code="invalid_dpop_proof", more=algs)


def _signed_by(thumbprint: str, proof: str) -> Mapping[str, Any]:
    """The claims of a proof that the key of this thumbprint signed."""
    import jwt

    try:
        header = jwt.get_unverified_header(proof)
        jwk, alg = header.get("jwk"), header.get("alg")
        typ = str(header.get("typ", "")).lower().removeprefix("application/")
        known = typ == "dpop+jwt" and alg in ALGORITHMS and header.get("crit") is None
        if not known or not isinstance(jwk, dict) or _SECRET & jwk.keys():
            raise _unproven("header")
        members = {name: jwk.get(name) for name in _THUMBPRINTED.get(str(jwk.get("kty")), ())}
        made = json.dumps(members, separators=(",", ":")).encode()
        if not members or not hmac.compare_digest(_text(hashlib.sha256(made).digest()), thumbprint):
            raise _unproven("another key")
        # times are checked by the resource server's own clock
        options: Any = dict.fromkeys(("verify_exp", "verify_nbf", "verify_iat", "verify_aud"), False)
        found: Mapping[str, Any] = jwt.decode(
            proof, jwt.PyJWK(jwk, algorithm=str(alg)), algorithms=[str(alg)], options=options
        )
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _unproven("not signed as it says") from error
    return found


def _within(claims: Mapping[str, Any], name: str, least: float, most: float) -> bool:
    """Whether a moment lies there, or is not named at all."""
    moment = claims.get(name, min(most, max(least, 0)))
    return isinstance(moment, int | float) and least <= moment <= most


def _place(url: str) -> tuple[str, str, int | None, str] | None:
    """Scheme, host, port and path (RFC 3986 § 6.2.2, § 6.2.3)."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.hostname is None or parts.username is not None:
        return None
    return parts.scheme, parts.hostname, port or _DEFAULT_PORT.get(parts.scheme), parts.path or "/"


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
