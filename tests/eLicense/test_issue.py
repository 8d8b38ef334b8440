"""Issue: what is checked, what is signed, what happens once, what a crash leaves."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from manyou.identifiers import LicenceIdentifier
from manyou.licences import verify
from manyou.trust import Pin
from store import SQL
from tests.eLicense.conftest import (
    APPROVAL,
    BUSINESS,
    CHEN,
    CIVIL,
    COMPANY,
    FOOD,
    HEALTH,
    ID_CARD,
    LIN,
    MARKET,
    Desk,
    business_licence,
    food_permit,
    marriage_certificate,
)


def trust_of(desk: Desk) -> Any:
    content = desk.library.trust_lists.content(desk.clock())
    pin = Pin(content.anchors, "test")
    return pin.verify(desk.call("GET", "/trust-list").body.decode(), desk.clock())


def test_an_authority_issues_what_verifies_against_the_trust_list(desk: Desk) -> None:
    issued = desk.food()
    assert issued["state"] == "valid"
    assert issued["state_code"] == "01"
    identifier = LicenceIdentifier.parse(issued["identifier"])
    assert (identifier.type_code, identifier.issuer, identifier.version) == (FOOD, MARKET, 1)
    assert not identifier.warnings
    assert issued["holders"][0]["number"] == LIN
    verified = verify(issued["jws"], trust_of(desk))
    assert verified.content.number == "JY23501020000001"
    assert verified.content.fields["JYCS"] == "漫游路1号"
    assert verified.content.holders[0].name == "林漫"
    claims = msgspec.json.decode(base64.urlsafe_b64decode(issued["jws"].split(".")[1] + "=="))
    assert claims["licence"]["ZZMC"] == "食品经营许可证"
    assert claims["licence"]["KZ_ZTYT"] == "餐饮服务"
    assert claims["licence"]["ZZYXQJZRQ"] == "2030-12-31"
    assert desk.ok("GET", f"/licences/{issued['identifier']}", desk.authority()) == issued


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": BUSINESS + "9"}, "400 unknown_licence_type"),
        ({"type": ID_CARD}, "403 type_not_issued_here"),
        ({"region": "3500"}, "400 unknown_region"),
        ({"region": "350200"}, "403 not_competent"),
        ({"region": "350000"}, "403 not_competent"),
        ({"holders": []}, "400 holder_refused"),
        (
            {"holders": [{"document_type": "111", "number": LIN[:-1] + "9", "name": "林漫"}]},
            "400 holder_refused",
        ),
        ({"holders": [{"document_type": "777", "number": LIN, "name": "林漫"}]}, "400 holder_refused"),
        ({"holders": [{"document_type": "111", "number": LIN, "name": " "}]}, "400 holder_refused"),
        (
            {"holders": [{"document_type": "111", "number": LIN, "name": "林漫", "role": "wife"}]},
            "400 holder_refused",
        ),
        ({"fields": {}}, "400 field_refused"),
        ({"fields": {"operator": "x", "form": "另类", "premises": "y"}}, "400 field_refused"),
        (
            {"fields": {"operator": "x", "form": "餐饮服务", "premises": "y", "more": "z"}},
            "400 field_refused",
        ),
        ({"fields": {"operator": "x", "form": "餐饮服务", "premises": "y" * 401}}, "400 field_refused"),
        ({"fields": {"operator": "x", "form": "餐饮服务", "premises": "a\x07b"}}, "400 field_refused"),
        ({"valid_until": "2025-12-31"}, "400 period_refused"),
        ({"valid_from": "2027-01-01"}, "400 period_refused"),
        ({"effective_at": "2030-01-01T00:00:00Z"}, "400 period_refused"),
        ({"effective_at": "2026-01-01T00:00:00Z"}, "400 period_refused"),
        ({"effective_at": "2026-01-01T00:00:00"}, "400 body_not_json"),
        ({"surprise": 1}, "400 body_not_json"),
        ({"number": "7" * 65}, "400 field_refused"),
    ],
)
def test_what_is_refused_changes_nothing(embedded: Desk, change: dict[str, Any], code: str) -> None:
    before = [
        embedded.count(table) for table in ("licence", "licence_claim", "licence_serial", "holder", "event")
    ]
    found = embedded.refused(
        "POST",
        "/licences",
        embedded.authority(),
        {**food_permit(), **change},
        headers={"Idempotency-Key": "request-000001"},
    )
    assert found == code
    after = [
        embedded.count(table) for table in ("licence", "licence_claim", "licence_serial", "holder", "event")
    ]
    assert before == after


def test_only_a_competent_authority_issues(embedded: Desk) -> None:
    key = {"Idempotency-Key": "request-000001"}
    for uscc in (CIVIL, HEALTH, APPROVAL):
        assert (
            embedded.refused("POST", "/licences", embedded.authority(uscc), food_permit(), headers=key)
            == "403 not_competent"
        )
    stranger = embedded.tokens.put(
        "x", client="x", scopes=frozenset({"issue"}), agency_uscc="91350000MADEM00030"
    )
    assert (
        embedded.refused("POST", "/licences", stranger, food_permit(), headers=key) == "403 not_an_authority"
    )
    nobody = embedded.tokens.put("y", client="y", scopes=frozenset({"issue"}))
    assert embedded.refused("POST", "/licences", nobody, food_permit(), headers=key) == "403 not_an_authority"
    assert (
        embedded.refused("POST", "/licences", embedded.person(LIN), food_permit(), headers=key)
        == "403 scope_missing"
    )
    assert embedded.refused("POST", "/licences", None, food_permit(), headers=key).startswith("401")


@pytest.mark.parametrize("key", [None, "short", "x" * 129, "with space in it"])
def test_a_request_without_its_key_is_refused(embedded: Desk, key: str | None) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}
    assert (
        embedded.refused("POST", "/licences", embedded.authority(), food_permit(), headers=headers)
        == "400 idempotency_key_needed"
    )


def test_the_same_request_gives_the_same_licence(desk: Desk) -> None:
    first = desk.issue(food_permit(), key="request-same")
    desk.clock.advance(90)
    again = desk.issue(food_permit(), key="request-same")
    assert again == first
    assert desk.count("licence") == 1
    other = food_permit(number=CHEN)
    found = desk.refused(
        "POST", "/licences", desk.authority(), other, headers={"Idempotency-Key": "request-same"}
    )
    assert found == "409 idempotency_key_reused"
    # another authority's key of the same text is another key
    assert desk.issue(marriage_certificate(), desk.authority(CIVIL), key="request-same")["identifier"]


def test_racing_requests_with_one_key_issue_once(desk: Desk) -> None:
    desk.authority()

    def run(_: int) -> str:
        return str(desk.issue(food_permit(), key="request-race")["identifier"])

    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(run, range(32)))
    assert len(found) == 1
    assert (desk.count("licence"), desk.count("licence_claim")) == (1, 1)
    assert desk.count("licence_holder") == 1


def test_racing_requests_get_serials_without_a_gap(desk: Desk) -> None:
    desk.authority()
    with ThreadPoolExecutor(8) as pool:
        issued = list(
            pool.map(lambda place: desk.issue(food_permit(), key=f"request-{place:04d}"), range(24))
        )
    serials = sorted(each["identifier"].split(".")[-3] for each in issued)
    assert serials == [f"2026{number:09d}" for number in range(1, 25)]
    places = {(each["status"]["list"], each["status"]["index"]) for each in issued}
    assert len(places) == 24
    assert desk.count("holder") == 1


def test_a_new_holder_is_enrolled_and_an_old_one_found(desk: Desk) -> None:
    token = desk.person(LIN)
    desk.food()
    desk.food(number=CHEN)
    assert desk.count("holder") == 2
    assert len(desk.ok("GET", "/file", token)["licences"]) == 1


def test_effect_may_lie_in_the_past_with_its_document_and_recording_never(desk: Desk) -> None:
    issued = desk.food(
        effective_at="2026-03-01T00:00:00Z",
        document={"name": "准予许可决定书", "number": "示市监〔2026〕1号"},
    )
    assert issued["effective_at"] == "2026-03-01T00:00:00Z"
    assert issued["recorded_at"] > "2026-09"
    desk.clock.advance(-3600)  # a clock that was set back
    ended = desk.transition(issued["identifier"], "suspend")
    recorded = [change["recorded_at"] for change in ended["history"]]
    assert recorded == sorted(recorded)


def test_names_and_numbers_do_not_lie_open_in_the_store(embedded: Desk) -> None:
    embedded.marriage()
    for table in ("licence", "licence_holder", "licence_claim", "licence_change", "event", "holder_alias"):
        rows = embedded.durable.read(lambda tx, table=table: tx.rows(SQL(f"SELECT * FROM {table}")))  # type: ignore[misc]  # noqa: S608
        assert rows
        text = repr(rows) + "".join(
            v.decode("utf-8", "ignore") for row in rows for v in row if isinstance(v, bytes)
        )
        for secret in (LIN, CHEN, "林漫", "陈小游"):
            assert secret not in text, table


def test_a_licence_without_end_is_written_as_such(embedded: Desk) -> None:
    issued = embedded.issue(business_licence())
    assert issued["valid_until"] is None
    assert issued["holders"][0]["number"] == COMPANY
    content = verify(issued["jws"], trust_of(embedded)).content
    assert content.valid_to is None


def test_rare_names_survive(embedded: Desk) -> None:
    body = food_permit()
    body["holders"][0]["name"] = "王䶮·𬭎"
    issued = embedded.issue(body)
    assert issued["holders"][0]["name"] == "王䶮·𬭎"
