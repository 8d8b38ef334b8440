"""The holder's file and trace: whole for the holder, masked for the others, seen by nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from eLicense import SourceAnswer
from tests.eLicense.conftest import (
    CHEN,
    HUANG,
    ID_CARD,
    LIN,
    Desk,
    business_licence,
)


def id_card(number: str, name: str) -> SourceAnswer:
    fields = {"name": name, "number": number, "address": "漫游路2号"}
    return SourceAnswer(number, "示范市公安局", name, "2016-04-01", "2036-04-01", fields, 0)


def value_of(form: Any, name: str) -> str:
    return next(str(field["value"]) for field in form["fields"] if field["name"] == name)


def test_a_marriage_certificate_stands_in_both_files_with_the_other_masked(desk: Desk) -> None:
    issued = desk.marriage()
    for own, other, own_name, other_name in (
        ("husband", "wife", "林漫", "陈小游"),
        ("wife", "husband", "陈小游", "林漫"),
    ):
        token = desk.person(LIN if own == "husband" else CHEN)
        cards = desk.ok("GET", "/file", token)["licences"]
        assert [card["identifier"] for card in cards] == [issued["identifier"]]
        form = desk.ok("GET", f"/file/{cards[0]['licence_id']}", token)
        assert value_of(form, f"{own}_name") == own_name
        assert value_of(form, f"{other}_name") == other_name[0] + "*" * (len(other_name) - 1)
        assert value_of(form, f"{other}_number").count("*") == 16
        assert value_of(form, f"{own}_number") == (LIN if own == "husband" else CHEN)
        assert "jws" not in form
        assert [holder["you"] for holder in form["holders"]] == [own == "husband", own == "wife"]
        text = repr(form)
        assert other_name not in text
        assert (CHEN if own == "husband" else LIN) not in text
        assert [event["event"] for event in desk.trace(token)] == ["licence.issued"]


def test_nobody_sees_a_file_that_is_not_theirs(desk: Desk) -> None:
    issued = desk.food()
    stranger = desk.person(HUANG)
    assert desk.ok("GET", "/file", stranger)["licences"] == []
    assert desk.refused("GET", f"/file/{issued['licence_id']}", stranger) == "404 no_such_licence"
    assert (
        desk.refused("POST", "/codes", stranger, {"licence_id": issued["licence_id"]})
        == "404 no_such_licence"
    )
    assert desk.trace(stranger) == []
    for bad in ("zz", "00" * 12, "0" * 23):
        assert desk.refused("GET", f"/file/{bad}", desk.person(LIN)) == "404 no_such_licence"


def test_an_own_licence_is_shown_whole_with_its_signature(desk: Desk) -> None:
    desk.food()
    token = desk.person(LIN)
    card = desk.ok("GET", "/file", token)["licences"][0]
    form = desk.ok("GET", f"/file/{card['licence_id']}", token)
    assert form["jws"].count(".") == 2
    assert form["number"] == "JY23501020000001"
    assert form["holders"][0] == {
        "role": {"code": "holder", "zh": "持证人", "en": "holder"},
        "share": "",
        "kind": "person",
        "name": "林漫",
        "document_type": "111",
        "number": LIN,
        "you": True,
    }


def test_a_company_has_a_file_of_its_own(desk: Desk) -> None:
    desk.issue(business_licence())
    company = desk.company()
    assert [c["type"]["zh"] for c in desk.ok("GET", "/file", company)["licences"]] == ["营业执照"]
    assert desk.ok("GET", "/file", desk.person(CHEN))["licences"] == []
    assert desk.refused("GET", "/file", desk.company(level=2)) == "403 level_too_low"


@pytest.mark.parametrize("path", ["/file", "/trace", f"/file/{ID_CARD}"])
def test_the_file_needs_a_known_person_and_its_scope(embedded: Desk, path: str) -> None:
    assert embedded.refused("GET", path, embedded.person(LIN, level=1)) == "403 level_too_low"
    assert embedded.refused("GET", path, embedded.authority()) == "403 scope_missing"
    assert embedded.refused("GET", path, None).startswith("401")
    assert embedded.refused("GET", path, "no-such-token").startswith("401")


def test_what_is_backed_by_a_source_is_shown_as_answered_and_signed_by_nobody(desk: Desk) -> None:
    desk.table.load(ID_CARD, "111", LIN, id_card(LIN, "林漫"))
    token = desk.person(LIN)
    card = desk.ok("GET", "/file", token)["licences"][0]
    assert card["licence_id"] == ID_CARD
    form = desk.ok("GET", f"/file/{ID_CARD}", token)
    assert form["as_answered_by"]["zh"] == "示范省公安厅"
    assert form["as_answered_by"]["at"].startswith("2026-09")
    assert value_of(form, "address") == "漫游路2号"
    assert "jws" not in form
    assert form["identifier"] is None
    assert desk.refused("POST", "/codes", token, {"licence_id": ID_CARD}) == "409 licence_not_showable"
    assert desk.refused("GET", f"/file/{ID_CARD}", desk.person(CHEN)) == "404 no_such_licence"
    desk.police.down = True
    assert desk.ok("GET", "/file", token)["licences"][0]["state"] == "source_down"
    assert desk.refused("GET", f"/file/{ID_CARD}", token) == "503 source_down"


def test_the_trace_is_read_page_by_page(desk: Desk) -> None:
    identifier = desk.food()["identifier"]
    for operation in ("suspend", "resume") * 3:
        desk.clock.advance(1)
        desk.transition(identifier, operation)
    token = desk.person(LIN)
    seen: list[str] = []
    page = desk.ok("GET", "/trace?limit=3", token)
    while True:
        seen += [event["id"] for event in page["events"]]
        if page["next"] is None:
            break
        page = desk.ok("GET", f"/trace?limit=3&before={page['next']}", token)
    assert len(seen) == len(set(seen)) == 7
    assert seen == sorted(seen, reverse=True)
    for bad in ("limit=0", "limit=101", "limit=x", "before=zz", "before=00"):
        assert desk.refused("GET", f"/trace?{bad}", token) == "400 bad_request"


def test_merged_files_are_read_as_one(desk: Desk) -> None:
    old, new = "350000197809090066", "350000197809080060"
    desk.food(number=old)
    kept = desk.register.enrol("111", new, "test").holder_key
    gone = desk.register.enrol("111", old, "test").holder_key
    desk.register.merge(gone, kept)
    token = desk.person(new)
    cards = desk.ok("GET", "/file", token)["licences"]
    form = desk.ok("GET", f"/file/{cards[0]['licence_id']}", token)
    assert form["holders"][0]["number"] == old  # licences keep the number printed on them
    assert len(desk.trace(token)) == 1


def test_erasing_one_holder_leaves_the_other_the_certificate(desk: Desk) -> None:
    issued = desk.marriage()
    desk.register.erase(desk.register.enrol("111", LIN, "test").holder_key)
    token = desk.person(CHEN)
    assert desk.ok("GET", "/file", token)["licences"][0]["identifier"] == issued["identifier"]
    form = desk.ok("GET", f"/file/{issued['licence_id']}", token)
    assert value_of(form, "wife_name") == "陈小游"
