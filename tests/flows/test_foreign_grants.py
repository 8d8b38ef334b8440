"""PyPI requests-oauth2client and npm openid-client, unchanged, beyond the plain code flow."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from requests_oauth2client import (
    AuthorizationPending,
    BackChannelAuthenticationPollingJob,
    DeviceAuthorizationPollingJob,
    DPoPToken,
    InvalidGrant,
)

from idp.oauth.clients.grant_types import CIBA, DEVICE_CODE, TOKEN_EXCHANGE
from tests.flows.province import LIN, Province
from tests.flows.strangers import SCOPE, Visitor, metadata, oauth2_client, register, stranger
from tests.served import Served, serving

FOREIGN = Path(__file__).parents[1] / "foreign"
MIDDLE, RECORDS = "https://middle.example/api", "https://records.example/api"
RING_SECONDS = 10


@pytest.fixture(scope="module")
def notified() -> Iterator[Served]:
    """Where the hall is told that somebody decided."""
    with serving() as served:
        served.put("/notified", b"", 204)
        yield served


@pytest.fixture(scope="module")
def secrets(province: Province, notified: Served) -> dict[str, str]:
    """Registers the clients of this module; what each one's secret is."""
    made = [
        stranger("bound-hall", dpop_bound=True, par_required=True, audiences=(MIDDLE,)),
        stranger("bound-app", auth_method="none", dpop_bound=True, application_type="native"),
        stranger("kiosk", auth_method="none", grants=(DEVICE_CODE, "refresh_token"), redirect_uris=()),
        stranger("counter", grants=(CIBA, "refresh_token"), redirect_uris=(), ciba_delivery="poll"),
        stranger(
            "bell",
            grants=(CIBA, "refresh_token"),
            redirect_uris=(),
            ciba_delivery="ping",
            ciba_notification_endpoint=f"{notified.origin}/notified",
        ),
        stranger(
            "middle",
            grants=(TOKEN_EXCHANGE,),
            redirect_uris=(),
            serves=(MIDDLE,),
            audiences=(RECORDS,),
        ),
    ]
    register(province, *(client for client, _ in made))
    return {client.client_id: secret for client, secret in made}


@pytest.mark.parametrize("client_id", ["bound-hall", "bound-app"])
def test_pushed_and_bound_to_a_key(province: Province, secrets: dict[str, str], client_id: str) -> None:
    client = oauth2_client(province, client_id, secrets[client_id], dpop_bound_access_tokens=True)
    asked: Any = client.authorization_request(scope=SCOPE)
    with Visitor.of(province, client_id) as visitor:
        returned = visitor.go(str(client.pushed_authorization_request(asked)))
    # validate=True would lose the key, a fault of the client's
    tokens: Any = client.authorization_code(asked.validate_callback(returned), validate=False)
    assert isinstance(tokens, DPoPToken)
    id_token: Any = tokens.id_token
    assert id_token.verify_signature(client.authorization_server_jwks, alg="ES256")
    assert tokens.dpop_key == asked.dpop_key
    user = client.userinfo(tokens)
    assert user["name"] == "林漫"
    stolen = {"Authorization": f"Bearer {tokens.access_token}"}
    assert requests.get(str(client.userinfo_endpoint), headers=stolen, timeout=10).status_code == 401
    fresh: Any = client.refresh_token(tokens, dpop_key=tokens.dpop_key)
    assert client.userinfo(fresh)["sub"] == user["sub"]
    if client_id == "bound-app":  # of a public client the refresh token is bound as well
        with pytest.raises(InvalidGrant):
            client.refresh_token(fresh.refresh_token)


def test_a_device_gets_in(province: Province, secrets: dict[str, str]) -> None:
    known = metadata(province)  # the client reads of its own accord only some of the endpoints
    client = oauth2_client(
        province,
        "kiosk",
        secrets["kiosk"],
        device_authorization_endpoint=known["device_authorization_endpoint"],
    )
    waiting: Any = client.authorize_device(scope=SCOPE)
    with pytest.raises(AuthorizationPending):
        client.device_code(waiting)
    with Visitor.of(province, "kiosk") as visitor:
        visitor.let_in(waiting.verification_uri_complete, waiting.user_code)
    tokens: Any = None
    job = DeviceAuthorizationPollingJob(client, waiting, interval=1)
    while tokens is None:
        tokens = job()
    assert client.userinfo(tokens)["name"] == "林漫"
    assert client.userinfo(client.refresh_token(tokens))["name"] == "林漫"


@pytest.mark.parametrize("client_id", ["counter", "bell"])
def test_a_counter_asks_and_the_phone_agrees(
    province: Province, secrets: dict[str, str], notified: Served, client_id: str
) -> None:
    known = metadata(province)
    client = oauth2_client(
        province,
        client_id,
        secrets[client_id],
        backchannel_authentication_endpoint=known["backchannel_authentication_endpoint"],
    )
    asked: Any = client.backchannel_authentication_request(
        scope=SCOPE,
        login_hint=LIN,
        binding_message="W7 窗口 4821",
        client_notification_token="n" * 43 if client_id == "bell" else None,
    )
    with pytest.raises(AuthorizationPending):
        client.ciba(asked)
    with Visitor.of(province, client_id) as visitor:
        assert "W7 窗口 4821" in visitor.say_yes()
    if client_id == "bell":
        until = time.monotonic() + RING_SECONDS
        while not notified.count("/notified") and time.monotonic() < until:
            time.sleep(0.05)
        ((method, _, headers, body),) = notified.asked
        assert (method, headers["authorization"]) == ("POST", f"Bearer {'n' * 43}")
        assert json.loads(body) == {"auth_req_id": asked.auth_req_id}
    tokens: Any = None
    job = BackChannelAuthenticationPollingJob(client, asked, interval=1)
    while tokens is None:
        tokens = job()
    assert client.userinfo(tokens)["name"] == "林漫"


def test_a_hall_calls_a_hall(province: Province, secrets: dict[str, str]) -> None:
    first = oauth2_client(province, "bound-hall", secrets["bound-hall"], dpop_bound_access_tokens=True)
    asked: Any = first.authorization_request(scope=SCOPE, resource=MIDDLE)
    with Visitor.of(province, "bound-hall") as visitor:
        returned = visitor.go(str(first.pushed_authorization_request(asked)))
    tokens: Any = first.authorization_code(asked.validate_callback(returned), validate=False)
    middle = oauth2_client(province, "middle", secrets["middle"])
    exchanged: Any = middle.token_exchange(subject_token=tokens, resource=RECORDS)
    assert exchanged.scope == "profile"
    records = oauth2_client(province, "records-service", province.client("records-service")["client_secret"])
    known = records.introspect_token(exchanged)
    assert (known["active"], known["aud"]) == (True, RECORDS)
    assert known["act"] == {"sub": "middle"}


@contextmanager
def waiting(asked: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Callable[[], dict[str, Any]]]]:
    """npm openid-client, once it waits: what the person needs, and how to hear who came."""
    command = ["node", "waiting_openid_client.mjs"]
    with subprocess.Popen(
        command, cwd=FOREIGN, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdin
            assert process.stdout
            with process.stdin as pipe:
                json.dump(asked, pipe)
            said = process.stdout
            yield json.loads(said.readline()), lambda: json.loads(said.readline())
        finally:
            process.terminate()


def test_npm_openid_client_on_a_device(province: Province, secrets: dict[str, str]) -> None:
    asked = {"issuer": province.issuer, "client": {"client_id": "kiosk"}, "device": True}
    with waiting(asked) as (shown, heard), Visitor.of(province, "kiosk") as visitor:
        visitor.let_in(shown["verification_uri_complete"], shown["user_code"])
        assert heard() == {"name": "林漫"}


def test_npm_openid_client_at_a_counter(province: Province, secrets: dict[str, str]) -> None:
    client = {"client_id": "counter", "client_secret": secrets["counter"]}
    asked = {"issuer": province.issuer, "client": client, "device": False}
    asked |= {"login_hint": LIN, "binding_message": "W8 窗口 17"}
    with waiting(asked) as (_, heard), Visitor.of(province, "counter") as visitor:
        assert "W8 窗口 17" in visitor.say_yes()
        assert heard() == {"name": "林漫"}
