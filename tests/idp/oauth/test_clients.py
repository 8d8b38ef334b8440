"""What a registration must keep."""

from __future__ import annotations

import msgspec
import pytest

from idp.oauth.client import Client
from idp.oauth.client_rules import faults
from idp.oauth.clients import ClientFaulty, put
from idp.oauth.settings import OAuthSettings
from tests.idp.oauth.conftest import House

GOOD = Client(
    client_id="hall-a",
    name_zh="大厅",
    name_en="Hall",
    secret_hashes=("0" * 64,),
    redirect_uris=("https://hall.example/back",),
)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": ""},
        {"client_id": "a b"},
        {"client_id": "甲"},
        {"client_id": "a" * 65},
        {"name_zh": ""},
        {"grants": ("implicit",)},
        {"scopes": ("openid", "root")},
        {"auth_method": "none"},
        {"secret_hashes": ()},
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
    assert len(OAuthSettings(code_seconds=61, retry_seconds=11, access_seconds=0).faults()) == 3
