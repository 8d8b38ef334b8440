"""npm openid-client and oauth4webapi, unchanged, as FAPI 2.0 clients, with signed messages and without."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from tests.flows.province import HUANG, Province
from tests.flows.strangers import BACK, register, stranger

FOREIGN = Path(__file__).parents[1] / "foreign"
PROFILES = ("fapi2", "fapi2-message-signing")


@pytest.fixture(scope="module")
def key(province: Province) -> dict[str, Any]:
    """The private key of both clients, which are registered with its public half."""
    made = ECKey.generate_key("P-256", {"kid": "k1", "use": "sig", "alg": "ES256"}, private=True)
    jwks = json.dumps({"keys": [made.as_dict(private=False)]})
    values: dict[str, Any] = {"auth_method": "private_key_jwt", "jwks": jwks, "dpop_bound": True}
    register(province, *(stranger(profile, profile=profile, **values)[0] for profile in PROFILES))
    return made.as_dict(private=True)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("script", ["fapi_openid_client.mjs", "fapi_oauth4webapi.mjs"])
def test_logs_in_refreshes_introspects_revokes(
    province: Province, key: dict[str, Any], script: str, profile: str
) -> None:
    asked = {
        "issuer": province.issuer,
        "client_id": profile,
        "key": {name: value for name, value in key.items() if name not in {"use", "alg"}},
        "signed": profile == "fapi2-message-signing",
        "person": {"identifier": HUANG, "password": province.person(HUANG)["password"]},
        "back": BACK,
    }
    ran = subprocess.run(
        ["node", script],
        cwd=FOREIGN,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["name"] == "黄一诺"
    assert (found["known"]["active"], found["known"]["client_id"]) == (True, profile)
    assert found["known"]["cnf"]["jkt"]
