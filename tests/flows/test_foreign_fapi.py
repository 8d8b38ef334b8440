"""npm openid-client in its FAPI 2.0 forms, unchanged: Security Profile, and Message Signing."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from jwt.algorithms import ECAlgorithm

from idp.oauth.client import Client, Profile
from idp.oauth.clients import put
from service.house import House
from service.settings import SETTINGS_FILE, load_settings
from tests.flows.province import HUANG, Province

FOREIGN = Path(__file__).parents[1] / "foreign"
BACK = "http://127.0.0.1:49153/callback"


def new_key(kid: str) -> dict[str, Any]:
    """A private JWK."""
    return {**ECAlgorithm.to_jwk(generate_private_key(SECP256R1()), as_dict=True), "kid": kid}


def register(province: Province, client_id: str, profile: Profile, key: dict[str, Any]) -> None:
    """As an operator does, beside the running server."""
    public = {name: value for name, value in key.items() if name != "d"}
    client = Client(
        client_id=client_id,
        name_zh="金融级客户端",
        name_en="A FAPI client",
        profile=profile,
        auth_method="private_key_jwt",
        jwks=json.dumps({"keys": [public]}),
        redirect_uris=(BACK,),
        grants=("authorization_code", "refresh_token"),
        scopes=("openid", "profile"),
        dpop_bound=True,
    )
    house = House.open(load_settings({SETTINGS_FILE: str(province.folder / "manyou.toml")}), server=False)
    try:
        house.durable.write(lambda tx: put(tx, client, int(time.time())))
    finally:
        house.close()


@pytest.mark.parametrize(
    ("profile", "got"),
    [
        ("fapi2", ["code", "iss", "session_state", "state"]),
        ("fapi2-message-signing", ["response"]),
    ],
)
def test_npm_openid_client_by_fapi(province: Province, profile: Profile, got: list[str]) -> None:
    key, client_id = new_key("signing"), f"by-{profile}"
    register(province, client_id, profile, key)
    asked = {
        "issuer": province.issuer,
        "client": client_id,
        "key": key,
        "dpop": new_key("dpop"),
        "person": {"identifier": HUANG, "password": province.person(HUANG)["password"]},
        "back": BACK,
        "signing": profile == "fapi2-message-signing",
    }
    ran = subprocess.run(
        ["node", "openid_client_fapi.mjs"],
        cwd=FOREIGN,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {
        "name": "黄一诺",
        "type": "dpop",
        "sent": ["client_id", "request_uri"],
        "got": got,
    }
