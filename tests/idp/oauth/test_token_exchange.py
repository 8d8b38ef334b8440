"""Token exchange (RFC 8693): hall calls hall for the user, and never for more than the first one may."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest

from idp.oauth.clients.grant_types import TOKEN_EXCHANGE
from idp.oauth.errors import InvalidToken
from idp.oauth.grants.token_exchange import ACCESS_TOKEN, ACTORS_MOST
from tests.idp.oauth.conftest import ISSUER, Browser, House, body
from tests.idp.oauth.test_certificate_bound import CERTIFICATE, CNF, OTHER, redeem
from web import Call, Reply, VerifiedAccess

BACK_OFFICE = "https://api.example/"
ARCHIVE = "https://archive.example/"
LIBRARY = f"{ISSUER}/elicence"
DETAILS = '[{"type":"count","most":5}]'


def halls(house: House, **changes: Any) -> None:
    """hall-a logs people in and calls the back office, which calls the archive and the library."""
    house.client("hall-a")
    known = {
        "grants": ("client_credentials", TOKEN_EXCHANGE),
        "redirect_uris": (),
        "scopes": ("use", "check", "profile"),
        "serves": (BACK_OFFICE,),
        "audiences": (ARCHIVE, LIBRARY),
    }
    house.client("back-office", name_zh="后台", **known | changes)


def called(house: House, browser: Browser | None = None, **changes: str | None) -> dict[str, Any]:
    """What hall-a calls the back office with."""
    if browser is None:
        browser, _ = house.login(house.person())
    asked = {"scope": "openid profile use offline_access", "resource": BACK_OFFICE} | changes
    return body(house.redeem(house.code(browser, "hall-a", **asked)))


def exchange(house: House, token: str, client_id: str = "back-office", /, **changes: str) -> Reply:
    form = {"grant_type": TOKEN_EXCHANGE, "subject_token": token, "subject_token_type": ACCESS_TOKEN}
    return house.token(client_id, **{name: each for name, each in (form | changes).items() if each})


def error(reply: Reply) -> str:
    assert reply.status == 400, reply.body
    return str(body(reply)["error"])


def claims(token: str) -> dict[str, Any]:
    return msgspec.json.decode(base64.urlsafe_b64decode(token.split(".")[1] + "=="), type=dict[str, Any])


def verified(house: House, token: str) -> VerifiedAccess:
    call = Call.of("GET", "/elicence", now=house.clock.now, headers={"Authorization": f"Bearer {token}"})
    return house.oauth.tokens.verify(call, "elicence")


def test_a_hall_calls_another_for_the_user(either: House) -> None:
    house = either
    halls(house)
    person = house.person()
    browser, _ = house.login(person)
    first = called(house, browser, authorization_details=DETAILS)
    got = body(exchange(house, first["access_token"]))
    assert set(got) == {
        *("access_token", "issued_token_type", "token_type", "expires_in", "scope", "authorization_details")
    }
    assert (got["issued_token_type"], got["token_type"]) == (ACCESS_TOKEN, "Bearer")
    assert (got["scope"], got["authorization_details"]) == ("profile use", [{"type": "count", "most": 5}])
    found = claims(got["access_token"])
    assert (found["aud"], found["client_id"], found["act"]) == (
        ARCHIVE,
        "back-office",
        {"sub": "back-office"},
    )
    assert found["sub"] != claims(first["access_token"])["sub"]  # each resource has its own
    house.client("archive", redirect_uris=(), grants=("client_credentials",), serves=(ARCHIVE,))
    told = house.introspect(got["access_token"], "archive")
    assert (told["active"], told["client_id"], told["act"]) == (True, "back-office", {"sub": "back-office"})
    assert house.introspect(got["access_token"], "hall-a") == {"active": False}


def test_the_library_sees_both_halls_and_counts_the_first(house: House) -> None:
    halls(house, agency_uscc="11350000MBDEM0023C", verifier="registered")
    person = house.person()
    browser, _ = house.login(person)
    first = called(house, browser, authorization_details=DETAILS)
    got = body(exchange(house, first["access_token"], resource=LIBRARY))
    found = verified(house, got["access_token"])
    assert (found.client, found.actors, found.holder_key) == ("hall-a", ("back-office",), person)
    assert found.client_name == "大厅甲（经后台）"
    assert (found.agency_uscc, found.verifier) == (None, "none")
    assert found.authorization_details == ({"type": "count", "most": 5},)
    assert house.userinfo(got["access_token"]).status == 401


def test_by_name_as_well_as_by_address(house: House) -> None:
    halls(house)
    token = called(house)["access_token"]
    assert verified(house, body(exchange(house, token, audience="elicence"))["access_token"]).actors
    assert exchange(house, token, audience=ARCHIVE, resource=ARCHIVE).status == 200
    house.client("archive", redirect_uris=(), grants=("client_credentials",), serves=(ARCHIVE,))
    assert claims(body(exchange(house, token, audience="archive"))["access_token"])["aud"] == ARCHIVE
    house.client("stranger", redirect_uris=(), grants=("client_credentials",), serves=("https://x.example/",))
    assert error(exchange(house, token, audience="stranger")) == "invalid_target"
    assert error(exchange(house, token, audience="elicence", resource=ARCHIVE)) == "invalid_target"
    assert error(exchange(house, token, audience="nowhere")) == "invalid_target"
    assert error(exchange(house, token, resource="https://else.example/")) == "invalid_target"
    assert error(exchange(house, token, resource=f"{ISSUER}/userinfo")) == "invalid_target"


def test_never_wider(house: House) -> None:
    halls(house)
    browser, _ = house.login(house.person())
    token = called(house, browser, authorization_details=DETAILS)["access_token"]
    assert body(exchange(house, token, scope="use"))["scope"] == "use"
    for scope in ("check", "openid", "id_number", "offline_access", "use check"):
        assert error(exchange(house, token, scope=scope)) == "invalid_scope"
    assert body(exchange(house, token, authorization_details='[{"type":"count","most":2}]'))[
        "authorization_details"
    ] == [{"type": "count", "most": 2}]
    wider = exchange(house, token, authorization_details='[{"type":"count","most":6}]')
    assert error(wider) == "invalid_authorization_details"
    bare = called(house, browser)["access_token"]
    assert error(exchange(house, bare, authorization_details=DETAILS)) == "invalid_authorization_details"


def test_what_the_caller_is_not_registered_for_stays_behind(house: House) -> None:
    halls(house, detail_types=(), scopes=("use",))
    token = called(house, authorization_details=DETAILS)["access_token"]
    got = body(exchange(house, token))
    assert got["scope"] == "use"
    assert "authorization_details" not in got
    halls(house, detail_types=(), scopes=("check",))
    assert error(exchange(house, token)) == "invalid_scope"


def test_no_later_than_the_token_that_was_shown(house: House) -> None:
    halls(house)
    token = called(house)["access_token"]
    house.clock.advance(590)
    got = body(exchange(house, token))
    assert got["expires_in"] == 10
    assert claims(got["access_token"])["exp"] == claims(token)["exp"]
    house.clock.advance(10)
    assert error(exchange(house, token)) == "invalid_request"


def test_a_chain_is_told_and_bounded(house: House) -> None:
    halls(house)
    token = called(house)["access_token"]
    serves = BACK_OFFICE
    names: list[str] = []
    for place in range(ACTORS_MOST + 1):
        names.insert(0, f"hall-{place}")
        following = f"https://{place}.example/"
        house.client(
            names[0],
            grants=(TOKEN_EXCHANGE,),
            redirect_uris=(),
            serves=(serves,),
            audiences=(following,),
        )
        reply = exchange(house, token, names[0])
        if place == ACTORS_MOST:
            assert error(reply) == "invalid_request"
            return
        token, serves = body(reply)["access_token"], following
        nested: dict[str, Any] = claims(token)["act"]
        told = []
        while nested:
            told.append(nested["sub"])
            nested = nested.get("act", {})
        assert told == names


@pytest.mark.parametrize(
    "changes",
    [
        {"subject_token": ""},
        {"subject_token": "x"},
        {"subject_token_type": ""},
        {"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"},
        {"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"},
        {"actor_token": "x", "actor_token_type": ACCESS_TOKEN},
        {"actor_token_type": ACCESS_TOKEN},
    ],
)
def test_what_may_not_be_sent(house: House, changes: dict[str, str]) -> None:
    halls(house)
    assert error(exchange(house, called(house)["access_token"], **changes)) == "invalid_request"


def test_only_the_one_that_was_called_with_it(house: House) -> None:
    halls(house)
    first = called(house)
    house.client("other", grants=(TOKEN_EXCHANGE,), redirect_uris=(), serves=(ARCHIVE,), audiences=(LIBRARY,))
    assert error(exchange(house, first["access_token"], "other")) == "invalid_request"
    assert error(exchange(house, first["refresh_token"])) == "invalid_request"
    assert error(exchange(house, first["id_token"])) == "invalid_request"
    own = body(house.token("hall-a", grant_type="client_credentials", resource=BACK_OFFICE))["access_token"]
    assert error(exchange(house, own)) == "invalid_request"
    assert error(exchange(house, first["access_token"], "hall-a")) == "unauthorized_client"


def test_it_falls_with_the_first_halls_family(either: House) -> None:
    house = either
    halls(house)
    first = called(house)
    got = body(exchange(house, first["access_token"], resource=LIBRARY))["access_token"]
    assert verified(house, got).actors
    form = {"token": first["refresh_token"]}
    house.call("POST", "/revoke", form=form, headers=house.basic("hall-a"))
    house.feed.poll()
    with pytest.raises(InvalidToken):
        verified(house, got)
    assert error(exchange(house, first["access_token"])) == "invalid_request"


def test_it_falls_with_any_hall_on_the_way(house: House) -> None:
    halls(house)
    got = body(exchange(house, called(house)["access_token"], resource=LIBRARY))["access_token"]
    assert verified(house, got).actors
    known = house.engine.clients.get("back-office")
    assert known is not None
    halls(house, enabled=False, secret_hashes=known.secret_hashes)
    with pytest.raises(InvalidToken):
        verified(house, got)
    halls(house, secret_hashes=known.secret_hashes)
    assert verified(house, got).actors


def test_the_holder_of_the_token_revokes_it(house: House) -> None:
    halls(house)
    got = body(exchange(house, called(house)["access_token"], resource=LIBRARY))["access_token"]
    house.call("POST", "/revoke", form={"token": got}, headers=house.basic("hall-a"))
    house.feed.poll()
    assert verified(house, got).actors
    house.call("POST", "/revoke", form={"token": got}, headers=house.basic("back-office"))
    house.feed.poll()
    with pytest.raises(InvalidToken):
        verified(house, got)


def test_the_stricter_policy_holds(house: House) -> None:
    halls(house, least_strength=2)
    assert error(exchange(house, called(house)["access_token"])) == "invalid_request"


def test_nothing_is_written(house: House) -> None:
    halls(house)
    token = called(house)["access_token"]
    before = [house.count(table) for table in ("family", "spent", "event", "consent", "expiring")]
    assert exchange(house, token).status == 200
    assert [house.count(table) for table in ("family", "spent", "event", "consent", "expiring")] == before


def test_bound_to_the_key_of_the_hall_that_asks(house: House) -> None:
    """The first hall's key stays with the first hall; the new token is the new hall's alone."""
    halls(house, certificate_bound=True)
    form = {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": called(house)["access_token"],
        "subject_token_type": ACCESS_TOKEN,
    }
    headers = house.basic("back-office")
    assert error(house.call("POST", "/token", form=form, headers=headers)) == "invalid_request"
    got = body(house.call("POST", "/token", form=form, headers=headers, certificate=CERTIFICATE))
    assert claims(got["access_token"])["cnf"] == CNF
    house.client("hall-a", certificate_bound=True)
    browser, _ = house.login(house.person())
    code = house.code(browser, "hall-a", scope="profile", resource=BACK_OFFICE)
    form["subject_token"] = body(redeem(house, CERTIFICATE, code))["access_token"]
    got = body(house.call("POST", "/token", form=form, headers=headers, certificate=OTHER))
    assert claims(form["subject_token"])["cnf"] == CNF
    assert claims(got["access_token"])["cnf"] not in ({}, CNF)
