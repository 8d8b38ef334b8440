"""npm openid-client, unchanged, as a hall that has everything about its people encrypted."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from joserfc.jwk import ECKey

from tests.flows.province import HUANG, Province
from tests.flows.strangers import BACK, register, stranger

FOREIGN = Path(__file__).parents[1] / "foreign"


def test_reads_what_is_signed_and_then_encrypted(province: Province) -> None:
    key = ECKey.generate_key("P-256", {"kid": "e1", "use": "enc"}, private=True)
    client, secret = stranger(
        "encrypted-hall",
        jwks=json.dumps({"keys": [key.as_dict(private=False)]}),
        id_token_alg="EdDSA",
        id_token_encrypted_alg="ECDH-ES",
        userinfo_signed_alg="PS256",
        userinfo_encrypted_alg="ECDH-ES",
        userinfo_encrypted_enc="A256GCM",
        introspection_encrypted_alg="ECDH-ES",
        introspection_encrypted_enc="A256GCM",
    )
    register(province, client)
    private = {name: value for name, value in key.as_dict(private=True).items() if name != "use"}
    asked = {
        "issuer": province.issuer,
        "client": {"client_id": client.client_id, "client_secret": secret},
        "key": private,
        "person": {"identifier": HUANG, "password": province.person(HUANG)["password"]},
        "back": BACK,
    }
    ran = subprocess.run(
        ["node", "encrypted_openid_client.mjs"],
        cwd=FOREIGN,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert (found["name"], found["known"]["active"]) == ("黄一诺", True)
    assert found["decrypted"] == [3, 3]
