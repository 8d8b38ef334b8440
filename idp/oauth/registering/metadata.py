"""Client metadata on the wire and our record of it, both ways (RFC 7591 § 2, OIDC Registration § 2; pure).

Members that we do not know are ignored (RFC 7591 § 2); what we know and cannot do is refused by the rules.
Defaults are the standards': client_secret_basic, authorization_code, and RS256 for the ID token, which FAPI
clients do not get.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, get_type_hints
from urllib.parse import urlsplit

import msgspec

from idp.oauth.clients.client import AuthMethod, Client

if TYPE_CHECKING:
    from idp.oauth.registering.initial import Terms

__all__ = ["SAME", "Metadata", "read", "record", "told"]

SAME: Final = {
    "token_endpoint_auth_method": "auth_method",
    "token_endpoint_auth_signing_alg": "auth_alg",
    "application_type": "application_type",
    "redirect_uris": "redirect_uris",
    "post_logout_redirect_uris": "post_logout_redirect_uris",
    "grant_types": "grants",
    "subject_type": "subject_type",
    "sector_identifier_uri": "sector_identifier_uri",
    "client_uri": "client_uri",
    "logo_uri": "logo_uri",
    "policy_uri": "policy_uri",
    "tos_uri": "tos_uri",
    "contacts": "contacts",
    "jwks_uri": "jwks_uri",
    "tls_client_auth_subject_dn": "tls_subject_dn",
    "tls_client_auth_san_dns": "tls_san_dns",
    "tls_client_auth_san_uri": "tls_san_uri",
    "tls_client_auth_san_ip": "tls_san_ip",
    "tls_client_auth_san_email": "tls_san_email",
    "dpop_bound_access_tokens": "dpop_bound",
    "tls_client_certificate_bound_access_tokens": "certificate_bound",
    "require_pushed_authorization_requests": "par_required",
    "require_signed_request_object": "signed_request_required",
    "request_object_signing_alg": "request_object_alg",
    "request_object_encryption_alg": "request_object_encryption_alg",
    "request_object_encryption_enc": "request_object_encryption_enc",
    "request_uris": "request_uris",
    "default_max_age": "default_max_age",
    "require_auth_time": "require_auth_time",
    "default_acr_values": "default_acr_values",
    "initiate_login_uri": "initiate_login_uri",
    "authorization_signed_response_alg": "authorization_signed_alg",
    "authorization_encrypted_response_alg": "authorization_encrypted_alg",
    "authorization_encrypted_response_enc": "authorization_encrypted_enc",
    "id_token_signed_response_alg": "id_token_alg",
    "id_token_encrypted_response_alg": "id_token_encrypted_alg",
    "id_token_encrypted_response_enc": "id_token_encrypted_enc",
    "userinfo_signed_response_alg": "userinfo_signed_alg",
    "userinfo_encrypted_response_alg": "userinfo_encrypted_alg",
    "userinfo_encrypted_response_enc": "userinfo_encrypted_enc",
    "introspection_signed_response_alg": "introspection_signed_alg",
    "introspection_encrypted_response_alg": "introspection_encrypted_alg",
    "introspection_encrypted_response_enc": "introspection_encrypted_enc",
    "backchannel_logout_uri": "backchannel_logout_uri",
    "backchannel_logout_session_required": "backchannel_logout_session_required",
    "frontchannel_logout_uri": "frontchannel_logout_uri",
    "frontchannel_logout_session_required": "frontchannel_logout_session_required",
    "backchannel_token_delivery_mode": "ciba_delivery",
    "backchannel_client_notification_endpoint": "ciba_notification_endpoint",
    "backchannel_authentication_request_signing_alg": "ciba_request_alg",
    "authorization_details_types": "detail_types",
}
"""Member on the wire → field of the record that means the same and has the same type."""


class _Rest(msgspec.Struct, frozen=True, kw_only=True):
    """Members that the record writes otherwise."""

    client_id: str = ""
    client_secret: str = ""
    client_name: str = ""
    client_name_zh: str = msgspec.field(name="client_name#zh-CN", default="")
    client_name_en: str = msgspec.field(name="client_name#en", default="")
    scope: str = ""
    jwks: dict[str, Any] = {}
    response_types: tuple[Literal["code"], ...] = ("code",)
    backchannel_user_code_parameter: Literal[False] = False


class Metadata(msgspec.Struct, frozen=True):
    """What was sent, of the right types."""

    same: dict[str, Any]
    """Fields of the record."""
    rest: _Rest


def _hints() -> dict[str, Any]:
    hints = get_type_hints(Client)
    return {field: hints[field] for field in SAME.values()}


_SAME_TYPES: Final = msgspec.defstruct(
    "Metadata", [(wire, _hints()[field], msgspec.UNSET) for wire, field in SAME.items()], frozen=True
)


def read(sent: dict[str, Any]) -> Metadata:
    """The members that were sent, each of its type; null is as good as absent (RFC 7591 § 2).

    Raises:
        msgspec.ValidationError: naming the member that has another type or a value that we do not offer.
    """
    given = {name: value for name, value in sent.items() if value is not None}
    rest = msgspec.convert(given, _Rest)
    same = msgspec.convert(given, _SAME_TYPES)
    values = {field: getattr(same, wire) for wire, field in SAME.items()}
    return Metadata({name: value for name, value in values.items() if value is not msgspec.UNSET}, rest)


def record(client_id: str, sent: Metadata, terms: Terms, **kept: Any) -> Client:
    """The client that was asked for, under the terms; ``kept``: what it does not say of itself."""
    values, rest = dict(sent.same), sent.rest
    fapi = terms.profile.startswith("fapi2")
    values.setdefault("id_token_alg", "ES256" if fapi else "RS256")
    method: AuthMethod = values.setdefault("auth_method", "client_secret_basic")
    scopes = tuple(dict.fromkeys(rest.scope.split())) if rest.scope else terms.scopes
    name = (
        rest.client_name
        or rest.client_name_zh
        or rest.client_name_en
        or _host(*values.get("redirect_uris", ()))
        or client_id
    )
    values.setdefault("detail_types", terms.detail_types)
    return Client(
        client_id=client_id,
        name_zh=rest.client_name_zh or name,
        name_en=rest.client_name_en or name,
        profile=terms.profile,
        scopes=scopes,
        may_register=terms.scopes,
        may_grant=terms.grants,
        audiences=terms.audiences,
        # certified clients of profile basic leave PKCE out, if they have another proof of their own
        pkce_required=terms.profile != "basic" or method == "none",
        sector=_host(values.get("sector_identifier_uri", "")),
        jwks=msgspec.json.encode(rest.jwks).decode() if rest.jwks else "",
        **values,
        **kept,
    )


def _host(*uris: str) -> str:
    """The first one's host; what is no URI is told by the rules."""
    try:
        return next((urlsplit(uri).hostname or "" for uri in uris), "")
    except ValueError:
        return ""


def told(client: Client) -> dict[str, Any]:
    """All that is registered, as the answers of RFC 7591 § 3.2.1 and RFC 7592 § 3 have it; no secret."""
    found = {wire: value for wire, field in SAME.items() if (value := getattr(client, field)) not in ("", ())}
    found |= {
        "client_id": client.client_id,
        "client_id_issued_at": client.registered_at,
        "client_name": client.name_zh,
        "client_name#zh-CN": client.name_zh,
        "client_name#en": client.name_en,
        "scope": " ".join(client.scopes),
        "response_types": ["code"],
    }
    if client.jwks:
        found["jwks"] = msgspec.json.decode(client.jwks)
    if client.default_max_age is None:
        found.pop("default_max_age", None)
    return found
