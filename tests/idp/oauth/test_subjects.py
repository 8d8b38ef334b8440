"""Subjects: pairwise by sector (OIDC Core § 8.1), public where registered so, one wherever it is told."""

from __future__ import annotations

from typing import Any

import pytest

from idp.oauth.clients.registered import ClientFaulty
from idp.oauth.subject import session_of, subject_at, subject_of
from tests.idp.oauth.conftest import BACK, Browser, House, body

API = "https://api.example/"


def told(house: House, browser: Browser, client_id: str = "hall-a") -> str:
    """``sub`` at every place where a client hears it, which must be one."""
    tokens = body(house.redeem(house.code(browser, client_id, scope="openid"), client_id))
    token = house.engine.keys.verify_jwt("id-token", tokens["id_token"], now=house.clock.now)
    subjects = {
        token["sub"],
        body(house.userinfo(tokens["access_token"]))["sub"],
        house.introspect(tokens["access_token"], client_id)["sub"],
    }
    refreshed = body(house.refresh(tokens["refresh_token"], client_id))
    again = house.engine.keys.verify_jwt("id-token", refreshed["id_token"], now=house.clock.now)
    assert subjects == {again["sub"]}
    return str(again["sub"])


@pytest.fixture
def browser(house: House) -> Browser:
    return house.login(house.person())[0]


def test_one_person_is_another_at_each_sector(house: House, browser: Browser) -> None:
    house.client("hall-a", sector="a.example")
    house.client("hall-b", sector="b.example")
    house.client("hall-c", sector="a.example", name_zh="同一部门")
    a, b, c = (told(house, browser, name) for name in ("hall-a", "hall-b", "hall-c"))
    assert a == c
    assert a != b


def test_the_sector_is_the_one_host_of_the_redirect_addresses(house: House) -> None:
    """At loopback, and behind a scheme of its own, a client is a sector by itself."""
    person, keys, back = house.person(), house.engine.keys, "https://hall.example/back"
    one = house.client("hall-a", redirect_uris=(back, back + "/other"))
    two = house.client("hall-b", redirect_uris=(back,))
    named = house.client("hall-c", sector="hall.example")
    assert one.sector == two.sector == ""
    assert len({subject_of(keys, each, person) for each in (one, two, named)}) == 1
    here = [house.client(name) for name in ("here-a", "here-b")]
    assert len({subject_of(keys, each, person) for each in (one, *here)}) == 3


def test_several_hosts_need_a_named_sector(house: House, browser: Browser) -> None:
    both = (BACK, "http://127.0.0.1:8002/callback")
    with pytest.raises(ClientFaulty) as refused:
        house.client(redirect_uris=both)
    assert "sector" in refused.value.mend
    house.client(redirect_uris=(BACK,), sector="hall.example")
    before = told(house, browser)
    house.client(redirect_uris=both, sector="hall.example")  # a hall that moves keeps its people
    assert told(house, browser) == before


def test_public_subjects_are_one_for_all_who_registered_so(house: House, browser: Browser) -> None:
    for name, sector in (("hall-a", "a.example"), ("hall-b", "b.example")):
        house.client(name, sector=sector, subject_type="public")
    house.client("hall-c", sector="a.example")
    assert told(house, browser) == told(house, browser, "hall-b")
    assert told(house, browser) != told(house, browser, "hall-c")


def test_no_subject_shows_the_holder_or_another_persons(house: House) -> None:
    first, second = house.person(), house.person()
    client, public = house.client(), house.client("hall-p", subject_type="public")
    keys = house.engine.keys
    found: set[Any] = set()
    for holder in (first, second):
        texts = {
            subject_of(keys, client, holder),
            subject_of(keys, public, holder),
            subject_at(keys, API, holder),
            session_of(keys, "hall-a", holder),
        }
        assert len(texts) == 4
        assert all(len(text) == 32 and holder.hex() not in text for text in texts)
        found |= texts
    assert len(found) == 8


def test_a_resource_server_has_a_name_of_its_own_for_a_person(house: House, browser: Browser) -> None:
    """Also where the hall's own subjects are public: its token at another server joins no records."""
    house.client(subject_type="public")
    house.client("api", serves=(API,), subject_type="public")
    tokens = body(house.redeem(house.code(browser, scope="openid", resource=API)))
    at_api = house.introspect(tokens["access_token"], "api")["sub"]
    claims = house.engine.keys.verify_jwt("access-token", tokens["access_token"], now=house.clock.now)
    assert claims["sub"] == at_api == house.introspect(tokens["access_token"])["sub"]
    assert at_api != told(house, browser)


def test_an_organisation_is_the_subject_and_not_its_person(house: House) -> None:
    house.client()
    person = house.person(level=3)
    company = house.organisation(person)
    own = told(house, house.login(person)[0])
    acting, _ = house.login(person, acting_for=company)
    assert told(house, acting) != own
    tokens = body(house.redeem(house.code(acting, scope="openid")))
    assert body(house.userinfo(tokens["access_token"]))["acting_person"]["sub"] == own


def test_the_metadata_lists_both_kinds(house: House) -> None:
    found = body(house.call("GET", "/.well-known/openid-configuration"))["subject_types_supported"]
    assert found == ["pairwise", "public"]
