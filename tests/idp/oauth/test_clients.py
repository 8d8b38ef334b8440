"""What a registration must keep."""

from __future__ import annotations

import json

import msgspec
import pytest

from idp.oauth.clients.client import Client
from idp.oauth.clients.grant_types import DEVICE_CODE
from idp.oauth.clients.registered import ClientFaulty, put
from idp.oauth.clients.rules import faults
from idp.oauth.settings import OAuthSettings
from tests.idp.oauth.conftest import House
from tests.idp.oauth.signing import Signer

GOOD = Client(
    client_id="hall-a",
    name_zh="大厅",
    name_en="Hall",
    secret_hashes=("0" * 64,),
    redirect_uris=("https://hall.example/back",),
)

ONE, RSA = Signer(), Signer("RS256")
KEYED: dict[str, object] = {"auth_method": "private_key_jwt", "secret_hashes": (), "jwks": ONE.key_set}
NAMED: dict[str, object] = {"auth_method": "tls_client_auth", "secret_hashes": ()}
PUBLIC: dict[str, object] = {"auth_method": "none", "secret_hashes": ()}


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": ""},
        {"client_id": "a b"},
        {"dpop_bound": True, "certificate_bound": True},
        {"client_id": "甲"},
        {"client_id": "a" * 65},
        {"name_zh": ""},
        {"grants": ("implicit",)},
        {"scopes": ("openid", "root")},
        {"auth_method": "none"},
        {"secret_hashes": ()},
        {"secret_hashes": ("0" * 64,) * 3},
        KEYED | {"secret_hashes": ("0" * 64,)},
        KEYED | {"jwks": ""},
        KEYED | {"jwks_uri": "https://hall.example/jwks"},
        KEYED | {"jwks": "{}"},
        KEYED | {"jwks": '{"keys":[]}'},
        KEYED | {"auth_alg": "PS256"},
        KEYED | {"auth_alg": "HS256"},
        KEYED | {"jwks": json.dumps({"keys": [ONE.jwk, Signer().jwk]})},  # one kid for two
        KEYED | {"jwks": json.dumps({"keys": [{**ONE.jwk, "d": "AA"}]})},
        KEYED | {"jwks": json.dumps({"keys": [{"kty": "oct", "k": "AAAA"}]})},
        {"jwks": "no set"},
        {"request_object_alg": "none"},
        {"ciba_request_alg": "HS256"},
        {"auth_method": "self_signed_tls_client_auth", "secret_hashes": ()},
        NAMED,
        NAMED | {"tls_san_dns": "hall.example", "tls_san_uri": "https://hall.example/"},
        NAMED | {"tls_san_ip": "hall.example"},
        NAMED | {"tls_san_dns": "大厅.example"},
        NAMED | {"tls_subject_dn": "hall"},
        {"tls_san_dns": "hall.example"},
        {"profile": "fapi2"},
        PUBLIC | {"profile": "fapi2"},
        KEYED | {"profile": "fapi2", "auth_alg": "RS256", "jwks": RSA.key_set},
        KEYED | {"profile": "fapi2", "application_type": "native"},
        {"profile": "native", "application_type": "native"},
        PUBLIC | {"profile": "native"},
        {"profile": "browser"},
        {"profile": "terminal"},
        {"auth_method": "none", "secret_hashes": (), "pkce_required": False},
        {"auth_method": "none", "secret_hashes": (), "grants": ("client_credentials",)},
        {"redirect_uris": ()},
        {"grants": ("refresh_token",), "redirect_uris": ()},
        {"redirect_uris": ("https://a.example/", "https://b.example/")},
        {"redirect_uris": ("http://hall.example/back",)},
        {"redirect_uris": ("https://hall.example/back#x",)},
        {"redirect_uris": ("https://hall.example/*",)},
        {"redirect_uris": ("https://user@hall.example/",)},
        {"redirect_uris": ("https://hall.example:x/",)},
        {"redirect_uris": ("https://大厅.example/",)},
        {"redirect_uris": ("javascript:alert(1)",)},
        {"redirect_uris": ("app.example:/back",)},
        {"redirect_uris": ("https:///back",)},
        {"post_logout_redirect_uris": ("http://hall.example/",)},
        {"audiences": tuple(f"https://{n}.example/" for n in range(9))},
    ],
)
def test_each_rule(changes: dict[str, object]) -> None:
    assert faults(GOOD) == []
    assert faults(msgspec.structs.replace(GOOD, **changes)), changes


@pytest.mark.parametrize(
    "changes",
    [
        KEYED,
        KEYED | {"auth_alg": "ES256"},
        KEYED | {"profile": "fapi2"},
        KEYED | {"jwks": "", "jwks_uri": "https://hall.example/jwks"},
        KEYED | {"auth_method": "self_signed_tls_client_auth"},
        NAMED | {"tls_subject_dn": "CN=hall,O=Hall,C=CN"},
        NAMED | {"tls_san_ip": "2001:db8::1"},
        {"jwks": ONE.key_set},  # for request objects
        {"secret_hashes": ("0" * 64, "1" * 64)},
        PUBLIC | {"profile": "native", "application_type": "native"},
        PUBLIC | {"profile": "browser"},
        {"profile": "terminal", "grants": (DEVICE_CODE, "refresh_token"), "redirect_uris": ()},
        {"redirect_uris": ("http://localhost:8001/callback", "http://localhost:8001/other")},
        {"redirect_uris": ("http://127.0.0.1/back",), "application_type": "native"},
        {"redirect_uris": ("http://[::1]:1/back",)},
        {"redirect_uris": ("example.app:/back",), "application_type": "native"},
        {"redirect_uris": ("https://a.example/", "https://b.example/"), "sector": "a.example"},
        {"grants": ("client_credentials",), "redirect_uris": (), "scopes": ("issue",)},
    ],
)
def test_what_is_allowed(changes: dict[str, object]) -> None:
    assert faults(msgspec.structs.replace(GOOD, **changes)) == []


def test_a_faulty_client_is_not_written(house: House) -> None:
    with pytest.raises(ClientFaulty):
        house.durable.write(lambda tx: put(tx, msgspec.structs.replace(GOOD, scopes=("root",)), 1))
    assert house.count("client") == 0


def test_settings_name_all_faults_at_once() -> None:
    assert OAuthSettings().faults() == []
    assert (
        len(OAuthSettings(code_seconds=61, retry_seconds=11, access_seconds=0, ciba_seconds=601).faults())
        == 4
    )
