"""A hall as relying party: log people in and out, keep their tokens good, speak to the licence library.

Framework-free: what a web framework does with it is shown by ``manyou.flask``. Nothing is fetched and no
heavy library is imported before the first use.

A login is two calls. What ``begin`` returns beside the address is kept, sealed, for this browser alone::

    url, pending = hall.begin()
    login = hall.finish(pending, request.args)      # at the redirect address
"""

from __future__ import annotations

import hmac
import json
import secrets
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit, urlunsplit

from manyou.hall.channel import Channel
from manyou.hall.errors import ForeignAnswer, LoginRefused, ProviderUnavailable
from manyou.hall.id_token import ALGORITHMS, Expected, check_id_token
from manyou.hall.licence_library import LicenceLibrary
from manyou.hall.logout_token import LoggedOut, check_logout_token
from manyou.hall.provider import Provider
from manyou.hall.proving import DpopKey, proving
from manyou.hall.tokens import Login, Pending, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from manyou.hall.channel import Transport

__all__ = ["Hall"]

VERIFIER_BYTES: Final = 32
"""43 characters of base64url, the least that RFC 7636 § 4.1 allows and 256 bits."""
REQUEST_SECONDS: Final = 10.0


def _now() -> int:
    return int(time.time())


def _own_page(target: str, own: str) -> str:
    """Path and query of a page of this hall; its front page for any other address."""
    try:
        there, here = urlsplit(target), urlsplit(own)
    except ValueError:
        return "/"
    if (there.scheme, there.netloc) != (here.scheme, here.netloc) or not there.path.startswith("/"):
        return "/"
    return "/" if there.path.startswith(("//", "/\\")) else urlunsplit(("", "", there.path, there.query, ""))


class Hall:
    """One registered client of one provider. Safe to share between threads."""

    def __init__(  # noqa: PLR0913 - what a client is, each by its name
        self,
        issuer: str,
        client_id: str,
        client_secret: str | None = None,
        *,
        redirect_uri: str = "",
        scope: str = "openid profile",
        algorithms: Sequence[str] = ALGORITHMS,
        transport: Transport | None = None,
        dpop: DpopKey | None = None,
        clock: Callable[[], int] = _now,
    ) -> None:
        """``client_secret`` None: a public client.

        ``dpop``: bind all tokens to this key, so that whoever steals one cannot use it (RFC 9449).
        ``transport``: the way to the provider, or a function that makes it at first use; None: the network.

        Raises:
            ValueError: the issuer is neither https nor http on loopback.

        """
        self.issuer = issuer
        self.client_id = client_id
        self.redirect_uri = redirect_uri
        self._scope = scope
        self._algorithms = tuple(algorithms)
        self.clock = clock
        prove = None if dpop is None else lambda way: proving(way, dpop, clock)
        self._channel = Channel(client_id, client_secret, transport, REQUEST_SECONDS, prove)
        self._provider = Provider(issuer, self._channel, clock)
        self._own: dict[tuple[str, str | None], Tokens] = {}
        self.licences = LicenceLibrary(f"{issuer.rstrip('/')}/elicence", self._channel)

    def begin(
        self,
        *,
        redirect_uri: str | None = None,
        scope: str | None = None,
        resource: str | None = None,
        authorization_details: Sequence[Mapping[str, Any]] = (),
        max_age: int | None = None,
        **parameters: str,
    ) -> tuple[str, Pending]:
        """Begin a login: where to send the browser, and what to keep until it comes back.

        ``parameters``: ``prompt``, ``acr_values``, ``login_hint``, ``ui_locales``, … (OIDC Core § 3.1.2.1).
        """
        pending = Pending(
            state=secrets.token_urlsafe(16),
            nonce=secrets.token_urlsafe(16),
            verifier=secrets.token_urlsafe(VERIFIER_BYTES),
            redirect_uri=redirect_uri or self.redirect_uri,
            resource=resource,
            max_age=max_age,
        )
        asked: dict[str, Any] = {"nonce": pending.nonce, "resource": resource, **parameters}
        if max_age is not None:
            asked["max_age"] = str(max_age)
        if authorization_details:
            details = [dict(detail) for detail in authorization_details]
            asked["authorization_details"] = json.dumps(details, ensure_ascii=False)
        with self._channel.oauth(
            scope=scope or self._scope, redirect_uri=pending.redirect_uri, code_challenge_method="S256"
        ) as session:
            url, _ = session.create_authorization_url(
                self._provider.endpoint("authorization_endpoint"),
                state=pending.state,
                code_verifier=pending.verifier,
                **asked,
            )
        return str(url), pending

    def initiated(self, parameters: Mapping[str, str], own: str) -> tuple[str, dict[str, str]]:
        """Somebody else asks this hall to begin a login (OIDC Core § 4): its page, and for ``begin``.

        ``own``: this hall's origin; a ``target_link_uri`` elsewhere counts as none, or the hall would lead
        anybody anywhere.

        Raises:
            ForeignAnswer: it is not this hall's provider that is meant.

        """
        if parameters.get("iss") != self.issuer:
            raise ForeignAnswer(detail="iss")
        asked = {name: parameters[name] for name in ("login_hint",) if parameters.get(name)}
        return _own_page(parameters.get("target_link_uri", ""), own), asked

    def finish(
        self, pending: Pending, parameters: Mapping[str, str], *, resource: str | None = None
    ) -> Login:
        """Turn what came to the redirect address into a login.

        ``resource``: whom the first access token is for, where several were agreed to; ``userinfo_resource``
        always is. ``refresh`` gives one for another.

        Raises:
            ForeignAnswer: state or ``iss`` (RFC 9207) are not this login's.
            LoginRefused: the provider or the person refused; ``code`` is the wire's ``error``.
            TokenRefused: the code is no longer good.
            InvalidIdToken: the ID token proves nothing.
            ProviderUnavailable: no answer.

        """
        if not hmac.compare_digest(parameters.get("state", "").encode(), pending.state.encode()):
            raise ForeignAnswer(detail="state")
        issuer = parameters.get("iss")
        says_issuer = self._provider.metadata().get("authorization_response_iss_parameter_supported") is True
        if issuer != self.issuer and (issuer is not None or says_issuer):
            raise ForeignAnswer(detail="iss")
        error = parameters.get("error")
        if error:
            refused = LoginRefused()
            refused.code = error if error.isascii() and error.isidentifier() else LoginRefused.code  # type: ignore[misc]  # the wire's own word
            raise refused
        code = parameters.get("code")
        if not code:
            raise ForeignAnswer(detail="no code")
        tokens = self._fetch(
            "authorization_code",
            resource=resource or pending.resource,
            code=code,
            code_verifier=pending.verifier,
            redirect_uri=pending.redirect_uri,
        )
        if tokens.id_token is None:
            raise ProviderUnavailable(detail="no ID token")
        expected = Expected(
            client_id=self.client_id,
            nonce=pending.nonce,
            now=self.clock(),
            access_token=tokens.access_token,
            max_age=pending.max_age,
            algorithms=self._algorithms,
        )
        return Login(check_id_token(tokens.id_token, self._provider, expected), tokens)

    @property
    def userinfo_resource(self) -> str:
        """The resource whose tokens ``userinfo`` takes."""
        return self._provider.endpoint("userinfo_endpoint")

    def userinfo(self, login: Login) -> Mapping[str, Any]:
        """More claims about who logged in, for a login whose token is for userinfo (the default).

        Raises:
            ProviderUnavailable: the answer is about somebody else (OIDC Core § 5.3.2).

        """
        claims = self._channel.read("GET", self.userinfo_resource, access_token=login.tokens.access_token)
        if not isinstance(claims, dict) or claims.get("sub") != login.sub:
            raise ProviderUnavailable(detail="userinfo about somebody else")
        return claims

    def refresh(self, tokens: Tokens, *, resource: str | None = None) -> Tokens:
        """New tokens for old; for another ``resource`` that the person agreed to, where one is named.

        Raises:
            TokenRefused: log the person in again.

        """
        fresh = self._fetch(
            "refresh_token", resource=resource or tokens.resource, refresh_token=tokens.refresh_token or ""
        )
        # a confidential client's refresh token may stay the same and is then not sent again
        return Tokens(
            fresh.access_token,
            fresh.ends,
            fresh.refresh_token or tokens.refresh_token,
            fresh.id_token or tokens.id_token,
            fresh.scope or tokens.scope,
            fresh.resource,
            fresh.authorization_details or tokens.authorization_details,
        )

    def client_token(self, *, scope: str = "", resource: str | None = None) -> Tokens:
        """The hall's own token (client credentials), kept until shortly before it ends."""
        kept = self._own.get((scope, resource))
        if kept is None or not kept.good(self.clock()):
            kept = self._fetch("client_credentials", resource=resource, scope=scope or None)
            self._own[scope, resource] = kept
        return kept

    def introspect(self, token: str) -> Mapping[str, Any]:
        """What the provider says of a token (RFC 7662); ``active`` is always there."""
        with self._channel.oauth() as session:
            answer = session.introspect_token(self._provider.endpoint("introspection_endpoint"), token)
            answer.raise_for_status()
            found = answer.json()
        return found if isinstance(found, dict) and "active" in found else {"active": False}

    def revoke(self, token: str) -> None:
        """End a token (RFC 7009); a refresh token takes all that came from it along."""
        with self._channel.oauth() as session:
            session.revoke_token(self._provider.endpoint("revocation_endpoint"), token).raise_for_status()

    def logout_url(self, *, id_token: str | None = None, back: str | None = None, state: str = "") -> str:
        """Where to send the browser to end the login everywhere (OIDC RP-Initiated Logout)."""
        from urllib.parse import urlencode

        asked = {
            "client_id": self.client_id,
            "id_token_hint": id_token,
            "post_logout_redirect_uri": back,
            "state": state,
        }
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{self._provider.endpoint('end_session_endpoint')}?{query}"

    def logged_out(self, logout_token: str) -> LoggedOut:
        """Whose login the provider says is over: what it posts to ``backchannel_logout_uri``.

        Raises:
            InvalidLogoutToken: it proves nothing.
            ProviderUnavailable: its keys cannot be fetched; answer 503, and it comes again.

        """
        return check_logout_token(
            logout_token, self._provider, self.client_id, self.clock(), self._algorithms
        )

    def _fetch(self, grant_type: str, *, resource: str | None, **parameters: Any) -> Tokens:
        with self._channel.oauth() as session:
            answer = session.fetch_token(
                self._provider.endpoint("token_endpoint"),
                grant_type=grant_type,
                resource=resource,
                **{name: value for name, value in parameters.items() if value is not None},
            )
        access_token, seconds = answer.get("access_token"), answer.get("expires_in", 60)
        kind, wanted = answer.get("token_type"), self._channel.token_type.lower()
        if not isinstance(access_token, str) or not isinstance(kind, str) or kind.lower() != wanted:
            raise ProviderUnavailable(detail=f"no {wanted} token")
        return Tokens(
            access_token=access_token,
            ends=self.clock() + int(seconds),
            refresh_token=answer.get("refresh_token"),
            id_token=answer.get("id_token"),
            scope=answer.get("scope") or "",
            resource=resource,
            authorization_details=tuple(answer.get("authorization_details") or ()),
        )
