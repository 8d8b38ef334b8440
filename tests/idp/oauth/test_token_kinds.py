"""A value of one kind is refused wherever another is wanted: every kind at every place."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from joserfc.jwk import ECKey

from idp.oauth.clients.grant_types import CIBA, DEVICE_CODE, TOKEN_EXCHANGE
from idp.oauth.errors import InvalidToken
from idp.oauth.tokens.introspection import MEDIA_TYPE
from tests.idp.oauth.conftest import BACK, ISSUER, VERIFIER, Browser, House, body
from tests.idp.oauth.proving import Key, redeem, userinfo
from web import Call

KINDS = (
    "code",
    "refresh",
    "userinfo",
    "elicence",
    "client_opaque",
    "client_jwt",
    "person_jwt",
    "id_token",
    "secret",
    "begun",
    "key_userinfo",
    "key_elicence",
    "certificate_userinfo",
    "certificate_elicence",
    "nonce",
    "proof",
    "device_code",
    "auth_req_id",
    "pushed",
    "signed_userinfo",
    "introspection_jwt",
    "response_jwt",
    "logout_token",
    "encrypted_id_token",
)
LIBRARY = f"{ISSUER}/elicence"
API = "https://api.example/"
GRANTS = ("authorization_code", "refresh_token", "client_credentials", DEVICE_CODE, CIBA, TOKEN_EXCHANGE)
ENCRYPTED: dict[str, Any] = {
    "id_token_encrypted_alg": "ECDH-ES",
    "jwks": json.dumps({"keys": [ECKey.generate_key("P-256").as_dict(private=False)]}),
}
KEY = Key()
CERTIFICATE = b"\x30\x03one"

GOOD = {
    ("code", "exchange"),
    ("refresh", "refresh"),
    ("userinfo", "userinfo"),
    ("elicence", "elicence"),
    ("client_opaque", "elicence"),
    ("id_token", "hint"),
    ("person_jwt", "called"),  # a hall is called with a token for its own resource
    ("device_code", "device"),
    ("auth_req_id", "ciba"),
    ("pushed", "pushed"),
    *((kind, "introspect") for kind in (*KINDS[1:7], *KINDS[10:14])),
    *(
        (f"{by}_{place}", f"{by}_{place}")
        for by in ("key", "certificate")
        for place in ("userinfo", "elicence")
    ),
    *((place, f"certificate_{place}") for place in ("userinfo", "elicence")),
    ("client_opaque", "certificate_elicence"),
}


def _values(house: House) -> dict[str, str]:
    house.client(
        trusted=True, scopes=("openid", "profile", "use"), grants=GRANTS, ciba_delivery="poll", serves=(API,)
    )
    browser, _ = house.login(house.person())

    def tokens(resource: str | None) -> dict[str, str]:
        return body(house.redeem(house.code(browser, resource=resource)))

    plain = tokens(None)
    begun = house.authorize(browser, prompt="login").header("Location") or ""
    form = {"grant_type": "client_credentials"}
    house.client("bound", trusted=True, certificate_bound=True, scopes=("openid", "profile", "use"))

    def by_key(resource: str | None) -> str:
        return str(body(redeem(house, KEY, house.code(browser, resource=resource)))["access_token"])

    def by_certificate(resource: str | None) -> str:
        exchange = {"code": house.code(browser, "bound", resource=resource), "redirect_uri": BACK}
        reply = house.call(
            "POST",
            "/token",
            form={"grant_type": "authorization_code", "code_verifier": VERIFIER, **exchange},
            headers=house.basic("bound"),
            certificate=CERTIFICATE,
        )
        return str(body(reply)["access_token"])

    return {
        "key_userinfo": by_key(None),
        "key_elicence": by_key(LIBRARY),
        "certificate_userinfo": by_certificate(None),
        "certificate_elicence": by_certificate(LIBRARY),
        "nonce": house.engine.proofs.nonces.newest(house.clock.now),
        "proof": KEY.proof(house, "POST", "/token"),
        "code": house.code(browser),
        "refresh": plain["refresh_token"],
        "userinfo": plain["access_token"],
        "elicence": tokens(LIBRARY)["access_token"],
        "client_opaque": body(house.token(**form, resource=f"{ISSUER}/elicence"))["access_token"],
        "client_jwt": body(house.token(**form, resource="https://api.example/"))["access_token"],
        "person_jwt": tokens("https://api.example/")["access_token"],
        "id_token": plain["id_token"],
        "secret": house.secrets["hall-a"],
        "begun": begun.partition("begun%3D")[2],
        **_between_browsers(house),
        **_jwts(house, browser, plain["access_token"]),
    }


def _between_browsers(house: House) -> dict[str, str]:
    """What waits for a person, by the endpoints that give it."""
    basic = house.basic("hall-a")
    device = house.call("POST", "/device_authorization", form={"scope": "openid"}, headers=basic)
    hint = {"scope": "openid", "login_hint": "350000199001010018"}
    asked = house.call("POST", "/backchannel-authentication", form=hint, headers=basic)
    return {
        "device_code": body(device)["device_code"],
        "auth_req_id": body(asked)["auth_req_id"],
        "pushed": body(house.push())["request_uri"],
    }


def _jwts(house: House, browser: Browser, token: str) -> dict[str, str]:
    """What we sign, or encrypt, that is no token to be used anywhere here."""
    for client_id, more in (("signed", {"userinfo_signed_alg": "ES256"}), ("encrypted", ENCRYPTED)):
        house.client(client_id, trusted=True, scopes=("openid",), **more)
    given = {
        client_id: body(house.redeem(house.code(browser, client_id, scope="openid"), client_id))
        for client_id in ("signed", "encrypted")
    }
    response = house.authorize(browser, response_mode="query.jwt").header("Location") or ""
    accept = {**house.basic("hall-a"), "Accept": MEDIA_TYPE}
    about = {"iss": ISSUER, "aud": "hall-a", "sub": "x", "exp": house.clock.now + 60}
    return {
        "signed_userinfo": house.userinfo(given["signed"]["access_token"]).body.decode(),
        "introspection_jwt": house.call(
            "POST", "/introspect", form={"token": token}, headers=accept
        ).body.decode(),
        "response_jwt": response.partition("response=")[2],
        "logout_token": house.engine.keys.sign_jwt("id-token", about, typ="logout+jwt"),
        "encrypted_id_token": given["encrypted"]["id_token"],
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_at_every_place(house: House, kind: str) -> None:
    value = _values(house)[kind]
    assert value
    form = {"redirect_uri": BACK, "code_verifier": VERIFIER}
    got = {
        "exchange": house.token(grant_type="authorization_code", code=value, **form).status == 200,
        "refresh": house.refresh(value).status == 200,
        "userinfo": house.userinfo(value).status == 200,
        "posted": house.call("POST", "/userinfo", form={"access_token": value}).status == 200,
        "elicence": _accepted(house, value),
        "key_userinfo": userinfo(house, KEY, value).status == 200,
        "key_elicence": _accepted(house, value, "key"),
        "certificate_userinfo": _shown(house, value),
        "certificate_elicence": _accepted(house, value, "certificate"),
        "introspect": house.introspect(value, "bound" if kind[:4] == "cert" else "hall-a")["active"],
        "hint": house.call("GET", f"/logout?id_token_hint={value}").status == 200,
        "called": _exchanged(house, value),
        "device": _waits(house, DEVICE_CODE, device_code=value),
        "ciba": _waits(house, CIBA, auth_req_id=value),
        "pushed": house.call("GET", f"/authorize?client_id=hall-a&request_uri={value}").status == 303,
    }
    assert got.pop("posted") == got["userinfo"]
    for place, accepted in got.items():
        assert accepted is ((kind, place) in GOOD), place


def _exchanged(house: House, value: str) -> bool:
    form = {"subject_token": value, "subject_token_type": "urn:ietf:params:oauth:token-type:access_token"}
    return house.token(grant_type=TOKEN_EXCHANGE, resource=LIBRARY, **form).status == 200


def _waits(house: House, grant: str, **form: str) -> bool:
    """Whether it is known to wait for a person."""
    return bool(body(house.token(grant_type=grant, **form)).get("error") == "authorization_pending")


def _shown(house: House, value: str) -> bool:
    headers = {"Authorization": f"Bearer {value}"}
    return house.call("GET", "/userinfo", headers=headers, certificate=CERTIFICATE).status == 200


def _accepted(house: House, value: str, by: str = "") -> bool:
    headers = {"Authorization": f"Bearer {value}"}
    if by == "key":
        headers = {
            "Authorization": f"DPoP {value}",
            "DPoP": KEY.proof(house, "GET", "/elicence", token=value),
        }
    shown = f":{b64encode(CERTIFICATE).decode()}:" if by == "certificate" else ""
    call = Call.of("GET", "/elicence", now=house.clock.now, headers=headers, certificate=shown)
    try:
        return house.oauth.tokens.verify(call, "elicence").audience == f"{ISSUER}/elicence"
    except InvalidToken:
        return False


def test_any_change_to_a_value_is_refused(house: House) -> None:
    values = _values(house)
    for kind in ("code", "refresh", "userinfo", "client_jwt"):
        value = values[kind]
        for place in range(0, len(value), 7):
            other = "A" if value[place] != "A" else "B"
            changed = value[:place] + other + value[place + 1 :]
            assert not house.introspect(changed)["active"]
            if kind == "code":
                assert house.redeem(changed).status == 400
    assert house.redeem(values["code"]).status == 200


def test_another_deployments_values_are_strangers(house: House) -> None:
    """An old backup restored begins a new epoch: what was sealed before is refused."""
    values = _values(house)
    house.engine.keys.begin_epoch("test")
    assert house.redeem(values["code"]).status == 400
    assert house.refresh(values["refresh"]).status == 400
    assert house.introspect(values["elicence"]) == {"active": False}
