"""Whatever is sent: no 5xx, no secret in the answer, nothing changed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.oauth.token import GRANTS
from store import StoreSettings, migrate, open_durable
from tests.conftest import ManualClock
from tests.idp.oauth.conftest import House, make_house
from web import Call
from web.answer import answer

NAMES = st.sampled_from(
    """client_id client_secret redirect_uri response_type response_mode scope state nonce prompt max_age
    acr_values id_token_hint code_challenge code_challenge_method resource authorization_details begun request
    grant_type code code_verifier refresh_token token token_type_hint access_token post_logout_redirect_uri
    decision login_hint ui_locales claims device_code user_code asked auth_req_id login_hint_token
    binding_message requested_expiry client_notification_token audience subject_token subject_token_type
    actor_token requested_token_type client_assertion client_assertion_type""".split()  # noqa: SIM905 - reads as what it is
)
KNOWN = st.sampled_from(
    """hall-a http://localhost:8001/callback code openid S256 none login 0 [] [{}] a.b.c authorization_code
    refresh_token client_credentials query [{"type":"count","most":1}] 350000199001010018
    urn:ietf:params:oauth:client-assertion-type:jwt-bearer
    urn:ietf:params:oauth:grant-type:device_code urn:openid:params:grant-type:ciba
    urn:ietf:params:oauth:grant-type:token-exchange urn:ietf:params:oauth:token-type:access_token""".split()  # noqa: SIM905
)
PAIRS = st.lists(st.tuples(NAMES, KNOWN | st.text(max_size=40)), max_size=12)
TABLES = ("client", "consent", "consent_detail", "family", "spent", "event", "session", "revoked_token")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("malformed")
    durable = open_durable(StoreSettings(path=folder))
    migrate(durable)
    found = make_house(durable, ManualClock(), folder)
    found.client(
        grants=tuple(GRANTS), ciba_delivery="poll", serves=("https://api.example/",), detail_types=("count",)
    )
    found.login(found.person())
    yield found
    durable.close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=PAIRS, basic=st.booleans(), data=st.data())
def test_any_parameters_at_any_endpoint(
    alone: House, pairs: list[tuple[str, str]], *, basic: bool, data: st.DataObject
) -> None:
    from urllib.parse import urlencode

    method, path = data.draw(st.sampled_from(sorted(alone.endpoints)))
    before = [alone.count(table) for table in TABLES]
    headers = alone.basic("hall-a") if basic else {}
    if method == "GET":
        reply = alone.call("GET", f"{path}?{urlencode(pairs)}", headers=headers)
    else:
        reply = alone.call(method, path, form=pairs, headers=headers)
    assert alone.secrets["hall-a"].encode() not in reply.body
    assert [alone.count(table) for table in TABLES] == before


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=80), data=st.data())
def test_any_bytes_at_any_endpoint(alone: House, raw: bytes, data: st.DataObject) -> None:
    method, path = data.draw(st.sampled_from(sorted(alone.endpoints)))
    kind = data.draw(
        st.sampled_from(["application/x-www-form-urlencoded", "application/json", "", "text/plain;x"])
    )
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": raw.decode("latin-1"),
        "HTTP_HOST": "localhost:8000",
        "HTTP_AUTHORIZATION": raw[:40].decode("latin-1"),
        "HTTP_COOKIE": raw.decode("latin-1"),
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(raw)),
        "wsgi.input": io.BytesIO(raw),
    }
    reply = answer(alone.endpoints[method, path], Call(environ, alone.clock.now), alone.pages)
    assert reply.status < 500


def test_no_refusal_shows_what_was_sent(alone: House) -> None:
    secret = "hunter2-hunter2-hunter2"
    for path in (
        "/token",
        "/introspect",
        "/revoke",
        "/userinfo",
        "/device_authorization",
        "/backchannel-authentication",
    ):
        form = dict.fromkeys(
            ("client_id", "client_secret", "code", "token", "access_token", "grant_type"), secret
        )
        assert secret.encode() not in alone.call("POST", path, form=form).body
    for path in ("/authorize", "/logout", "/consent"):
        query = f"client_id={secret}&redirect_uri={secret}&id_token_hint={secret}"
        assert secret.encode() not in alone.call("GET", f"{path}?{query}").body
