"""Status lists and the trust list: they only move forward. Types and matters: what there is."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest

from eLicense.catalogue import Definition, load
from eLicense.errors import CatalogueRefused
from manyou.status import Status, verify
from manyou.trust import Pin, TrustListRolledBack
from tests.eLicense.conftest import FOOD, LIN, MARKET, Clock, Desk, make_desk
from tests.eLicense.test_issue import trust_of


def status(desk: Desk, number: int = 1) -> Any:
    token = desk.call("GET", f"/status/{number}").body.decode()
    return verify(token, number, trust_of(desk), desk.clock())


def test_a_status_list_says_what_holds(desk: Desk) -> None:
    issued = desk.food()
    desk.feed.poll()
    index = issued["status"]["index"]
    reply = desk.call("GET", "/status/1")
    assert reply.header("Content-Type") == "application/statuslist+jwt"
    assert issued["status"]["uri"] == "http://localhost:8000/elicence/v1/status/1"
    first = status(desk)
    assert first.status(index) is Status.VALID
    assert len(first) == 1 << 17
    desk.transition(issued["identifier"], "suspend")
    assert desk.feed.poll() >= 1
    second = status(desk)
    assert second.status(index) is Status.SUSPENDED
    assert second.version > first.version
    desk.transition(issued["identifier"], "resume")
    desk.feed.poll()
    assert status(desk).status(index) is Status.VALID
    desk.transition(issued["identifier"], "revoke")
    desk.feed.poll()
    last = status(desk)
    assert last.status(index) is Status.INVALID
    assert sum(last.status(place) is not Status.VALID for place in range(len(last))) == 1


def test_a_list_is_kept_until_something_changes(embedded: Desk) -> None:
    issued = embedded.food()
    embedded.feed.poll()
    kept = embedded.call("GET", "/status/1").body
    assert embedded.call("GET", "/status/1").body == kept
    embedded.transition(issued["identifier"], "revoke")
    embedded.feed.poll()
    assert embedded.call("GET", "/status/1").body != kept


def test_validity_that_ended_shows_in_the_list_within_a_minute(desk: Desk) -> None:
    issued = desk.food(valid_until="2026-09-30")
    desk.feed.poll()
    assert status(desk).status(issued["status"]["index"]) is Status.VALID
    desk.clock.advance(20 * 86_400)
    assert status(desk).status(issued["status"]["index"]) is Status.INVALID


def test_lists_never_go_back_in_time(desk: Desk) -> None:
    issued = desk.food()
    desk.feed.poll()
    first = status(desk)
    desk.transition(issued["identifier"], "revoke")
    desk.feed.poll()
    desk.clock.advance(-20)  # another worker's clock
    second = verify(desk.call("GET", "/status/1").body.decode(), 1, trust_of(desk), desk.clock(), first)
    assert second.iat >= first.iat


@pytest.mark.parametrize("number", ["2", "0", "-1", "x", "１", "9999999999"])
def test_there_is_no_other_list(embedded: Desk, number: str) -> None:
    embedded.food()
    assert embedded.refused("GET", f"/status/{number}") == "404 no_such_status_list"


def test_places_are_random_and_a_full_list_gives_way_to_the_next(
    durable: Any, clock: Clock, key_folder: Any
) -> None:
    desk = make_desk(durable, clock, key_folder, status_size=64)
    issued = [desk.food() for _ in range(90)]
    places = [(each["status"]["list"], each["status"]["index"]) for each in issued]
    assert len(set(places)) == 90
    assert [index for _, index in places] != sorted(index for _, index in places)
    lists = sorted({number for number, _ in places})
    assert lists == [1, 2]
    desk.feed.poll()
    listed = desk.ok("GET", "/status")["status_lists"]
    assert listed == [f"http://localhost:8000/elicence/v1/status/{number}" for number in lists]
    assert set(trust_of(desk).status_lists) == {1, 2}


def test_the_trust_list_names_who_may_sign_what_and_its_version_only_rises(desk: Desk) -> None:
    desk.food()
    first = trust_of(desk)
    assert {issuer.uscc for issuer in first.issuers.values()} >= {MARKET}
    assert first.type_codes[FOOD].number == 2
    purposes = {purpose for purpose, _ in first.keys}
    assert purposes == {"code", "licence", "status"}
    assert trust_of(desk).version == first.version
    reply = desk.call("GET", "/trust-list")
    assert reply.header("Content-Type") == "application/trust-list+jwt"
    desk.keys.rotate("code")
    desk.feed.poll()
    second = trust_of(desk)
    assert second.version == first.version + 1
    with pytest.raises(TrustListRolledBack):
        Pin(first.content.anchors, "test", second.version).verify(reply.body.decode(), desk.clock())


def test_the_version_outlives_the_process(sqlite_durable: Any, clock: Clock, key_folder: Any) -> None:
    first = make_desk(sqlite_durable, clock, key_folder)
    version = trust_of(first).version
    first.keys.rotate("code")
    again = make_desk(sqlite_durable, clock, key_folder)
    assert trust_of(again).version == version + 1


def test_types_and_matters_are_listed(embedded: Desk) -> None:
    types = embedded.ok("GET", "/types")["types"]
    assert [type_["number"] for type_ in types] == [1, 2, 3, 4]
    food = types[1]
    assert food["fields"][1]["choices"] == ["餐饮服务", "食品销售"]
    matters = embedded.ok("GET", "/matters")["matters"]
    assert [matter["code"] for matter in matters] == ["catering", "fund"]
    assert matters[0]["materials"][0]["one_of"][0]["type"] == FOOD


# catalogue


def parts(desk: Desk) -> Definition:
    from eLicense.catalogue.loading import stored

    return desk.durable.read(stored)


def test_loading_again_changes_nothing(desk: Desk) -> None:
    before = parts(desk)
    assert load(before, durable=desk.durable, keys=desk.keys, now=desk.clock()) == 0
    assert parts(desk) == before


def test_a_number_once_given_keeps_its_meaning(desk: Desk) -> None:
    before = parts(desk)
    market = next(agency for agency in before.agencies if agency.uscc == MARKET)
    renumbered = msgspec.structs.replace(market, number=77)
    taken = msgspec.structs.replace(market, uscc="11350000MBDEM0074L", number=2, superior="")
    for wrong in (renumbered, taken):
        with pytest.raises(CatalogueRefused):
            load(Definition(agencies=(wrong,)), durable=desk.durable, keys=desk.keys, now=desk.clock())
    assert parts(desk) == before


def test_a_catalogue_that_contradicts_itself_is_refused_whole(desk: Desk) -> None:
    before = parts(desk)
    food = next(type_ for type_ in before.types if type_.code == FOOD)
    good = msgspec.structs.replace(food, zh="食品经营许可证（新）")
    grant = msgspec.structs.replace(before.grants[0], matter="no-such-matter")
    wrong = Definition(types=(good,), grants=(grant,))
    with pytest.raises(CatalogueRefused) as raised:
        load(wrong, durable=desk.durable, keys=desk.keys, now=desk.clock())
    assert "no-such-matter" in raised.value.mend
    assert parts(desk) == before


def test_a_changed_catalogue_is_known_after_the_news(desk: Desk) -> None:
    token = desk.hall(desk.person(LIN), "catering", client="new-hall")
    desk.food()
    assert (
        desk.refused(
            "POST", "/uses", token, {"matter": "catering", "purpose": "办理业务", "business_number": "CASE-1"}
        )
        == "403 use_not_granted"
    )
    grant = next(
        grant for grant in parts(desk).grants if grant.matter == "catering" and grant.client == "hall"
    )
    granted = msgspec.structs.replace(grant, client="new-hall")
    load(Definition(grants=(granted,)), durable=desk.durable, keys=desk.keys, now=desk.clock())
    desk.feed.poll()
    assert desk.use(desk.hall(desk.person(LIN), "catering", client="new-hall"), "catering")


def test_a_consent_is_for_the_fields_that_were_shown(desk: Desk) -> None:
    desk.food()
    agreed = desk.hall(desk.person(LIN), "catering")
    body = {"matter": "catering", "purpose": "办理业务", "business_number": "CASE-1"}
    assert desk.use(agreed, "catering")
    grant = next(
        grant for grant in parts(desk).grants if grant.matter == "catering" and grant.client == "hall"
    )
    changed = msgspec.structs.replace(grant, fields=grant.fields[:1])
    load(Definition(grants=(changed,)), durable=desk.durable, keys=desk.keys, now=desk.clock())
    desk.feed.poll()
    assert desk.refused("POST", "/uses", agreed, body) == "403 use_not_consented"
    fewer = desk.hall(desk.person(LIN), "catering")
    assert desk.use(fewer, "catering")
    load(Definition(grants=(grant,)), durable=desk.durable, keys=desk.keys, now=desk.clock())
    desk.feed.poll()
    assert desk.refused("POST", "/uses", fewer, body) == "403 use_not_consented"  # it was widened


def test_tokens_have_exactly_their_header(embedded: Desk) -> None:
    embedded.food()
    for path, typ in (("/status/1", "statuslist+jwt"), ("/trust-list", "trust-list+jwt")):
        head = embedded.call("GET", path).body.split(b".")[0]
        header = msgspec.json.decode(base64.urlsafe_b64decode(head + b"=="))
        assert (header["alg"], header["typ"], set(header)) == ("ES256", typ, {"alg", "typ", "kid"})
