"""Exactly one method, the registered one; one answer for everything that is wrong."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import quote_plus

import msgspec
import pytest

from idp.oauth.clients.client import Client, secret_matches
from tests.idp.oauth.conftest import House, body

FORM = {"grant_type": "client_credentials"}


def _basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def test_each_method_as_registered(house: House) -> None:
    house.client()
    assert house.call("POST", "/token", form=FORM, headers=house.basic("hall-a")).status == 200
    house.client("poster", auth_method="client_secret_post")
    posted = FORM | {"client_id": "poster", "client_secret": house.secrets["poster"]}
    assert house.call("POST", "/token", form=posted).status == 200
    # another's method proves nothing
    assert house.call("POST", "/token", form=FORM, headers=house.basic("poster")).status == 401
    posted = FORM | {"client_id": "hall-a", "client_secret": house.secrets["hall-a"]}
    assert house.call("POST", "/token", form=posted).status == 401


def test_parts_of_basic_are_form_urlencoded(house: House) -> None:
    secret = "s+ %:é"
    house.client("hall:a", secret_hashes=(hashlib.sha256(secret.encode()).hexdigest(),))
    pair = f"{quote_plus('hall:a')}:{quote_plus(secret)}"
    assert house.call("POST", "/token", form=FORM, headers=_basic(pair)).status == 200
    assert house.call("POST", "/token", form=FORM, headers=_basic(f"hall:a:{secret}")).status == 401


def test_everything_wrong_answers_alike(house: House) -> None:
    house.client()
    house.client("gone", enabled=False)
    house.client("public", auth_method="none")
    secret = house.secrets["hall-a"]
    answers = set()
    for headers, form in [
        (_basic(f"hall-a:{secret}x"), FORM),
        (_basic("hall-a:"), FORM),
        (_basic(f"nobody:{secret}"), FORM),
        (_basic(f"gone:{house.secrets['gone']}"), FORM),
        ({}, FORM | {"client_id": "hall-a"}),
        ({}, FORM | {"client_id": "nobody"}),
        ({}, FORM | {"client_id": "public", "client_secret": "x"}),
        (_basic("public:"), FORM),
        ({}, FORM),
    ]:
        reply = house.call("POST", "/token", form=form, headers=headers)
        assert reply.status == 401
        assert (reply.header("WWW-Authenticate") or "").startswith("Basic")
        answers.add(reply.body)
    assert len(answers) == 1


@pytest.mark.parametrize(
    "header",
    ["Basic", "Basic !!!", "Basic " + base64.b64encode(b"\xff:x").decode(), "Basic aGFsbA==", "Bearer x"],
)
def test_malformed_credentials(house: House, header: str) -> None:
    house.client()
    reply = house.call("POST", "/token", form=FORM, headers={"Authorization": header})
    assert (reply.status, body(reply)["error"]) == (401, "invalid_client")


def test_two_methods_at_once(house: House) -> None:
    house.client()
    headers = house.basic("hall-a")
    for form in (
        FORM | {"client_id": "hall-a", "client_secret": house.secrets["hall-a"]},
        FORM | {"client_id": "hall-b"},
    ):
        reply = house.call("POST", "/token", form=form, headers=headers)
        assert (reply.status, body(reply)["error"]) == (400, "invalid_request")
    assert house.call("POST", "/token", form=FORM | {"client_id": "hall-a"}, headers=headers).status == 200


def test_a_secret_may_be_replaced_while_both_are_good() -> None:
    hashes = tuple(hashlib.sha256(secret).hexdigest() for secret in (b"old", b"new"))
    client = Client(client_id="c", name_zh="c", name_en="c", secret_hashes=hashes)
    while_both = msgspec.structs.replace(client, old_secret_ends=100)
    assert secret_matches(while_both, "old", 99)
    assert not secret_matches(while_both, "old", 100)
    assert not secret_matches(client, "old", 99)
    for now in (99, 100, 101):
        assert secret_matches(while_both, "new", now)
    assert not secret_matches(client, "", 99)
    assert not secret_matches(None, "old", 99)
    bare = Client(client_id="c", name_zh="c", name_en="c")
    assert not secret_matches(bare, "", 99)


def test_news_end_a_client_at_once(house: House) -> None:
    house.client()
    assert house.token(**FORM).status == 200
    headers = house.basic("hall-a")
    house.client(enabled=False, secret_hashes=("0" * 64,))
    assert house.call("POST", "/token", form=FORM, headers=headers).status == 401


def test_old_news_answer_nothing_from_the_cache(house: House) -> None:
    house.client()
    assert house.token(**FORM).status == 200
    house.run("UPDATE client SET record = replace(record, '\"enabled\":true', '\"enabled\":false')")
    assert house.token(**FORM).status == 200  # nobody told this worker
    house.clock.advance(3)
    assert house.token(**FORM).status == 401


@pytest.mark.parametrize("pair", ["a\0b:x", "\0:x", "a%00b:x", f"{'a' * 9000}:x", "大厅:x", "hall a:x"])
def test_what_cannot_be_a_client_id_is_an_unknown_client_on_every_engine(either: House, pair: str) -> None:
    either.client()
    header = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    for path, form in (("/token", {"grant_type": "client_credentials"}), ("/introspect", {"token": "x"})):
        reply = either.call("POST", path, form=form, headers=header)
        assert (reply.status, body(reply)["error"]) == (401, "invalid_client")
