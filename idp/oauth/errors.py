"""Refusals in OAuth's own words (RFC 6749 § 4.1.2.1 and § 5.2, OIDC Core § 3.1.2.6, RFC 6750 § 3.1).

Problem
└── OAuthError
    ├── (BadRequest) InvalidRequest, InvalidGrant, UnauthorizedClient, UnsupportedGrantType, InvalidScope
    ├── (BadRequest) UnsupportedResponseType, InvalidTarget, InvalidAuthorizationDetails
    ├── (BadRequest) RequestUriNotSupported, RegistrationNotSupported
    ├── (BadRequest) InvalidRequestObject
    ├── (BadRequest) LoginRequired, ConsentRequired, UnmetAuthenticationRequirements, AccessDenied
    ├── (BadRequest) AuthorizationPending, SlowDown, ExpiredToken, InvalidBindingMessage: decided elsewhere
    ├── (BadRequest) UntrustedRequest ── UnknownClient, UnregisteredRedirect, InvalidRequestUri:
    │       shown on a page, never sent
    ├── (BadRequest) InvalidClientMetadata, InvalidRedirectUri: of a registration
    ├── (BadRequest) InvalidDpopProof, UseDpopNonce: where tokens are given
    ├── (Unauthenticated) InvalidClient
    ├── (Challenged) InvalidToken ── ProofRefused, NonceWanted: where one is used
    └── (Forbidden) InsufficientScope

``code`` is the wire's ``error``; ``mend`` its ``error_description``.
"""

from __future__ import annotations

from manyou.errors import BadRequest, Forbidden, Problem, Unauthenticated
from web.challenges import Challenged

__all__ = [
    "AccessDenied",
    "AuthorizationPending",
    "ConsentRequired",
    "ExpiredToken",
    "InsufficientScope",
    "InvalidAuthorizationDetails",
    "InvalidBindingMessage",
    "InvalidClient",
    "InvalidClientMetadata",
    "InvalidDpopProof",
    "InvalidGrant",
    "InvalidRedirectUri",
    "InvalidRequest",
    "InvalidRequestObject",
    "InvalidRequestUri",
    "InvalidScope",
    "InvalidTarget",
    "InvalidToken",
    "LoginRequired",
    "NonceWanted",
    "OAuthError",
    "ProofRefused",
    "RegistrationNotSupported",
    "RequestUriNotSupported",
    "SlowDown",
    "UnauthorizedClient",
    "UnknownClient",
    "UnmetAuthenticationRequirements",
    "UnregisteredRedirect",
    "UnsupportedGrantType",
    "UnsupportedResponseType",
    "UntrustedRequest",
    "UseDpopNonce",
]


class OAuthError(Problem):
    """A refusal that travels as ``error`` and ``error_description``."""

    code = "server_error"
    mend = "Try again later."


class InvalidRequest(OAuthError, BadRequest):
    """A parameter is missing, malformed, unknown in its value, or stands twice."""

    code = "invalid_request"
    mend = "Send each required parameter once, well formed."


class InvalidGrant(OAuthError, BadRequest):
    """The code or refresh token is not good, or not good here."""

    code = "invalid_grant"
    mend = "Begin a new authorization; this code or refresh token is not valid."


class UnauthorizedClient(OAuthError, BadRequest):
    """The client is not registered for this grant."""

    code = "unauthorized_client"
    mend = "Use a grant that the client is registered for."


class UnsupportedGrantType(OAuthError, BadRequest):
    """No such grant here."""

    code = "unsupported_grant_type"
    mend = "Use a grant_type that the metadata lists."


class UnsupportedResponseType(OAuthError, BadRequest):
    """Only the code flow is offered."""

    code = "unsupported_response_type"
    mend = "Send response_type=code."


class InvalidScope(OAuthError, BadRequest):
    """A scope that this client may not ask for, or none at all."""

    code = "invalid_scope"
    mend = "Ask only for scopes that the client is registered for."


class InvalidTarget(OAuthError, BadRequest):
    """RFC 8707 § 2: a resource that is unknown or not permitted."""

    code = "invalid_target"
    mend = "Send a resource that the client is registered for, as an absolute URI without fragment."


class InvalidAuthorizationDetails(OAuthError, BadRequest):
    """RFC 9396 § 5."""

    code = "invalid_authorization_details"
    mend = "Send authorization_details as a JSON array of objects of a type that the metadata lists."


class RequestUriNotSupported(OAuthError, BadRequest):
    """OIDC Core § 3.1.2.6."""

    code = "request_uri_not_supported"
    mend = "Send the parameters themselves instead of request_uri."


class InvalidRequestObject(OAuthError, BadRequest):
    """RFC 9101 § 6: the object is not the client's, not for us, or not of now."""

    code = "invalid_request_object"
    mend = "Send a request object that the client signed for this provider just now."


class RegistrationNotSupported(OAuthError, BadRequest):
    """OIDC Core § 3.1.2.6."""

    code = "registration_not_supported"
    mend = "Register the client instead of sending registration."


class LoginRequired(OAuthError, BadRequest):
    """prompt=none, and nobody is logged in as asked."""

    code = "login_required"
    mend = "Send the person without prompt=none, so that they can log in."


class ConsentRequired(OAuthError, BadRequest):
    """prompt=none, and the person has not agreed to this."""

    code = "consent_required"
    mend = "Send the person without prompt=none, so that they can agree."


class UnmetAuthenticationRequirements(OAuthError, BadRequest):
    """OpenID Connect Core Error Code unmet_authentication_requirements 1.0."""

    code = "unmet_authentication_requirements"
    mend = "Send the person again once they have raised their level or turned on one-time codes."


class AccessDenied(OAuthError, BadRequest):
    """The person, or our policy, said no."""

    code = "access_denied"
    mend = "Ask again only where the person wants it: they did not agree."


class AuthorizationPending(OAuthError, BadRequest):
    """RFC 8628 § 3.5, CIBA § 11: the person has not decided yet."""

    code = "authorization_pending"
    mend = "Ask again after the interval; the person has not decided yet."


class SlowDown(OAuthError, BadRequest):
    """RFC 8628 § 3.5, CIBA § 11: asked again within the interval."""

    code = "slow_down"
    mend = "Wait five seconds more than before between two requests."


class ExpiredToken(OAuthError, BadRequest):
    """RFC 8628 § 3.5, CIBA § 11: nobody decided in time."""

    code = "expired_token"
    mend = "Begin anew; this request has ended."


class InvalidBindingMessage(OAuthError, BadRequest):
    """CIBA § 13: it could be misread, or fits on no page."""

    code = "invalid_binding_message"
    mend = "Send a binding_message of one short line of plain text, at most 64 characters."


class UntrustedRequest(OAuthError, BadRequest):
    """Wrong before a redirect URI is trusted: shown on a page, never sent anywhere (RFC 6749 § 4.1.2.1)."""

    code = InvalidRequest.code
    mend = InvalidRequest.mend


class UnknownClient(UntrustedRequest):
    """No enabled client of that client_id."""

    code = "unknown_client"
    mend = "Send the client_id of a registered client."


class UnregisteredRedirect(UntrustedRequest):
    """RFC 9700 § 4.1: exact string match, always."""

    code = "unregistered_redirect_uri"
    mend = "Send a redirect_uri that is registered for the client, character by character."


class InvalidRequestUri(UntrustedRequest):
    """RFC 9126 § 2.2, RFC 9101 § 6.2: no request of that name for this client, or no more."""

    code = "invalid_request_uri"
    mend = "Push the request again; this request_uri is another client's, has expired or was answered."


class InvalidClientMetadata(OAuthError, BadRequest):
    """RFC 7591 § 3.2.2."""

    code = "invalid_client_metadata"
    mend = "Send metadata of the documented types and of values that the discovery document lists."


class InvalidRedirectUri(OAuthError, BadRequest):
    """RFC 7591 § 3.2.2."""

    code = "invalid_redirect_uri"
    mend = "Send redirect_uris that are https addresses without fragment."


class InvalidClient(OAuthError, Unauthenticated):
    """Client authentication failed; which part of it, only the log says."""

    code = "invalid_client"
    mend = "Authenticate the client by exactly one method, the one it is registered with."


class InvalidDpopProof(OAuthError, BadRequest):
    """RFC 9449 § 5."""

    code = "invalid_dpop_proof"
    mend = "Send one DPoP proof, made for this very request."


class UseDpopNonce(OAuthError, BadRequest):
    """RFC 9449 § 8: the proof lacks a nonce of ours, or has an old one; the answer brings another."""

    code = "use_dpop_nonce"
    mend = "Send a new DPoP proof whose claim nonce is the value of the header DPoP-Nonce of this answer."


class InvalidToken(OAuthError, Challenged):
    """RFC 6750 § 3.1."""

    code = "invalid_token"
    mend = "Obtain a new access token for this resource."


class ProofRefused(InvalidToken):
    """RFC 9449 § 7.1."""

    code = InvalidDpopProof.code
    mend = InvalidDpopProof.mend


class NonceWanted(InvalidToken):
    """RFC 9449 § 9."""

    code = UseDpopNonce.code
    mend = UseDpopNonce.mend


class InsufficientScope(OAuthError, Forbidden):
    """RFC 6750 § 3.1."""

    code = "insufficient_scope"
    mend = "Obtain an access token with the scope that this endpoint needs."
