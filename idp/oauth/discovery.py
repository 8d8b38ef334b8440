"""What the provider offers (OIDC Discovery § 3, RFC 8414), made from the tables: exactly what is on.

Both documents and the key set are prebuilt bytes with an ETag; the keys' are made anew by news of
``key-ring``.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from idp.oauth.checks.session import PROMPTS
from idp.oauth.claims import verified_claims
from idp.oauth.claims.claims import NAMES
from idp.oauth.clients.answer_rules import encryption_metadata
from idp.oauth.clients.profiles import CIBA_ALGORITHMS, CLIENT_ALGORITHMS
from idp.oauth.proof.client_authentication import offered
from idp.oauth.requests.response import MODES, RING
from idp.oauth.requests.session_state import SESSION_FRAME
from idp.oauth.scopes import SCOPES
from idp.oauth.token import GRANTS
from idp.sessions.session import ACRS
from keys.jwe import ALGORITHMS, ENCODINGS
from keys.rings import PURPOSES
from web.challenges import DPOP_ALGORITHMS
from web.reply import Reply

if TYPE_CHECKING:
    from idp.oauth.engine import Engine
    from web.call import Call

__all__ = ["Document", "metadata"]

CACHED_SECONDS = 300
BROWSED = frozenset({"authorization_endpoint", "end_session_endpoint"})
"""Where people go, whose browsers are asked for no certificate."""


def metadata(engine: Engine) -> dict[str, Any]:
    """The members of both documents."""
    issuer = engine.issuer
    methods, algorithms = offered(engine), list(CLIENT_ALGORITHMS)
    confidential = [name for name in methods if name != "none"]
    claims = dict.fromkeys(claim for scope in SCOPES.values() for claim in scope.claims)
    claims |= dict.fromkeys((*sorted(NAMES), "verified_claims"))
    found = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "pushed_authorization_request_endpoint": f"{issuer}/par",
        "require_pushed_authorization_requests": engine.settings.par_required,
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/jwks",
        "introspection_endpoint": f"{issuer}/introspect",
        "revocation_endpoint": f"{issuer}/revoke",
        **_registration(engine),
        "backchannel_authentication_endpoint": f"{issuer}/backchannel-authentication",
        "backchannel_token_delivery_modes_supported": ["poll", "ping"],
        "backchannel_authentication_request_signing_alg_values_supported": list(CIBA_ALGORITHMS),
        "backchannel_user_code_parameter_supported": False,
        "device_authorization_endpoint": f"{issuer}/device_authorization",
        "end_session_endpoint": f"{issuer}/logout",
        "check_session_iframe": f"{issuer}{SESSION_FRAME}",
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        "response_types_supported": ["code"],
        "response_modes_supported": list(MODES),
        "authorization_signing_alg_values_supported": list(PURPOSES[RING].algorithms),
        "authorization_encryption_alg_values_supported": list(ALGORITHMS),
        "authorization_encryption_enc_values_supported": list(ENCODINGS),
        "grant_types_supported": list(GRANTS),
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint_auth_methods_supported": confidential,
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "subject_types_supported": ["pairwise", "public"],
        **encryption_metadata(),
        **verified_claims.metadata(),
        "scopes_supported": list(SCOPES),
        "claims_supported": ["iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", *claims],
        "claim_types_supported": ["normal"],
        "acr_values_supported": list(ACRS),
        "prompt_values_supported": sorted(PROMPTS),
        "ui_locales_supported": ["zh-CN", "en"],
        "authorization_details_types_supported": sorted(engine.details),
        "dpop_signing_alg_values_supported": list(DPOP_ALGORITHMS),
        "authorization_response_iss_parameter_supported": True,
        "claims_parameter_supported": True,
        "request_parameter_supported": True,
        "request_object_signing_alg_values_supported": list(CLIENT_ALGORITHMS),
        "request_object_encryption_alg_values_supported": list(ALGORITHMS),
        "request_object_encryption_enc_values_supported": list(ENCODINGS),
        "require_signed_request_object": False,
        "request_uri_parameter_supported": engine.settings.request_uri_fetched,
        "require_request_uri_registration": engine.settings.request_uri_fetched,
    }
    return found | _by_certificate(engine, found)


def _registration(engine: Engine) -> dict[str, str]:
    if engine.settings.registration == "off":
        return {}
    return {"registration_endpoint": f"{engine.issuer}/register"}


def _by_certificate(engine: Engine, found: dict[str, Any]) -> dict[str, Any]:
    """RFC 8705 § 3.3, § 5: what is on where there is a listener that asks for certificates."""
    if not engine.mtls:
        return {}
    called = {name: address for name, address in found.items() if name.endswith("_endpoint")}
    aliases = {
        name: engine.mtls + address.removeprefix(engine.issuer)
        for name, address in called.items()
        if name not in BROWSED
    }
    return {"tls_client_certificate_bound_access_tokens": True, "mtls_endpoint_aliases": aliases}


class Document:
    """Bytes that rarely change, with the ETag of what they are."""

    def __init__(self, body: bytes) -> None:
        self.replace(body)

    @classmethod
    def of(cls, value: Any) -> Document:
        """A JSON document."""
        return cls(msgspec.json.encode(value))

    def replace(self, body: bytes) -> None:
        """Answer this from now on."""
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        cached = (
            ("ETag", etag),
            ("Cache-Control", f"public, max-age={CACHED_SECONDS}"),
            ("Access-Control-Allow-Origin", "*"),  # public by nature; browser clients read it
        )
        whole = Reply(200, body, (("Content-Type", "application/json"), *cached))
        # one assignment: a reader on another thread sees both of one state or both of the other
        self._answers = (etag, whole, Reply(304, b"", cached))

    def reply(self, call: Call) -> Reply:
        """The document, or 304 where the caller has it."""
        etag, whole, unchanged = self._answers
        known = call.environ.get("HTTP_IF_NONE_MATCH")
        if known is not None and etag in known:
            return unchanged
        return whole
