"""JWTs of anything, wherever one is taken: refused, never a fault of ours."""

from __future__ import annotations

import json
import random
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from idp.oauth.token import GRANTS
from store import StoreSettings, migrate, open_durable
from tests.conftest import ManualClock
from tests.idp.oauth.conftest import ISSUER, House, make_house
from tests.idp.oauth.proving import Key
from tests.idp.oauth.signing import ASSERTION_TYPE, Signer

WHOLE = {"alg": "ES256", "typ": "JWT", "kid": "k1"}
JUNK: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 10**40, 1 << 63, -(1 << 70)),
    *("", "none", "ES256", "HS256", "dpop+jwt", "é", "\0", "\ud800", "x" * 3000),
    *([], [[]], {}, {"a": []}, ["ES256"], [None], {"keys": []}),
)
SEED = 20_261


def b64(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, signer: Signer) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("junk")
    durable = open_durable(StoreSettings(path=folder))
    migrate(durable)
    found = make_house(durable, ManualClock(), folder)
    found.client(
        auth_method="private_key_jwt",
        jwks=signer.key_set,
        grants=tuple(GRANTS),
        ciba_delivery="poll",
        serves=("https://api.example/",),
    )
    found.signers["hall-a"] = signer
    yield found
    durable.close()


def take(house: House, token: str) -> None:
    """Show it everywhere; ``call`` fails at a 5xx."""
    assertion = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": token}
    for path in ("/token", "/par", "/introspect"):
        house.call("POST", path, form=assertion | {"grant_type": "client_credentials", "token": token})
    for path in ("/token", "/par", "/userinfo"):
        headers = {"DPoP": token, "Authorization": f"DPoP {token}"}
        form = {"client_id": "hall-a", "grant_type": "refresh_token"}
        house.call("POST", path, form=form, headers={"DPoP": token})
        house.call("POST", path, form=form, headers=headers)
    signer = {"signed-by": "hall-a"}
    house.call("GET", f"/authorize?client_id=hall-a&request={token}")
    house.call("GET", f"/logout?id_token_hint={token}")
    for path in ("/par", "/backchannel-authentication", "/revoke"):
        house.call("POST", path, form={"request": token, "token": token}, headers=signer)


def signed_by(key: Signer, header: dict[str, Any], payload: Any) -> str:
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256

    data = f"{b64(header)}.{b64(payload)}"
    r, s = decode_dss_signature(key.key.sign(data.encode(), ECDSA(SHA256())))
    return f"{data}.{b64(r.to_bytes(32) + s.to_bytes(32))}"


@pytest.mark.parametrize("member", ["alg", "typ", "kid", "crit", "jwk", "cty", "b64", "x5c", "jku"])
def test_any_header(alone: House, member: str) -> None:
    for junk in JUNK:
        take(alone, f"{b64({**WHOLE, member: junk})}.{b64({'sub': 'hall-a'})}.{b64(b'x' * 64)}")


def test_any_claims_under_a_good_signature(alone: House, signer: Signer) -> None:
    now, dice = alone.clock.now, random.Random(SEED)
    names = (
        *("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "scope", "claims", "resource"),
        *("authorization_details", "redirect_uri", "state", "max_age", "login_hint", "id_token_hint"),
        *("request", "binding_message", "requested_expiry", "acr_values", "dpop_jkt", "response_mode"),
    )
    for number in range(80):
        good = {"iss": "hall-a", "sub": "hall-a", "aud": ISSUER, "exp": now + 60, "iat": now, "nbf": now}
        claims = good | {"jti": str(number)} | {name: dice.choice(JUNK) for name in dice.sample(names, 3)}
        if number % 2:
            claims.pop("sub", None)
        take(alone, signed_by(signer, dict(WHOLE), claims))
    for payload in (b"", b"[]", b"null", b"\xff", b"[" * 5000, b'{"a":' * 3000, b'{"exp":1e999}'):
        take(alone, signed_by(signer, dict(WHOLE), payload))


@pytest.mark.parametrize("member", ["kty", "crv", "x", "y", "use", "key_ops", "alg", "kid", "d", "n", "e"])
def test_any_key_in_a_proof(alone: House, member: str) -> None:
    key, now = Key(), alone.clock.now
    claims = {"jti": "a", "htm": "POST", "htu": f"{ISSUER}/token", "iat": now}
    for junk in JUNK:
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": {**key.jwk, member: junk}}
        data = f"{b64(header)}.{b64(claims)}"
        proof = f"{data}.{b64(key.sign(data.encode()))}"
        form = {"grant_type": "refresh_token"}
        reply = alone.call("POST", "/token", form=form, headers={"DPoP": proof, "signed-by": "hall-a"})
        assert reply.status in {400, 401}


@pytest.mark.parametrize("member", ["alg", "enc", "kid", "epk", "apu", "apv", "zip", "p2c", "crit", "cty"])
def test_any_encrypted_object(alone: House, member: str) -> None:
    (published,) = [
        key
        for key in json.loads(alone.call("GET", "/jwks").body)["keys"]
        if key.get("use") == "enc" and key["kty"] == "EC"
    ]
    whole = {"alg": "ECDH-ES", "enc": "A128GCM", "kid": published["kid"], "epk": {**Key().jwk}}
    for junk in JUNK:
        parts = [b64({**whole, member: junk}), "", b64(b"i" * 12), b64(b"c" * 40), b64(b"t" * 16)]
        assert alone.call("GET", f"/authorize?client_id=hall-a&request={'.'.join(parts)}").status == 400
