"""A hall fetches by matter: matter ∩ grant, consent for exactly this case, every holder's trace first."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from eLicense.sharing.asked import read_purpose
from manyou.errors import Problem
from store import SQL
from tests.eLicense.conftest import (
    CHEN,
    COMPANY,
    HUANG,
    ID_CARD,
    LIN,
    MARRIAGE,
    Desk,
    business_licence,
    food_permit,
    use_body,
)
from tests.eLicense.test_file import id_card, value_of


def material(answer: Any, code: str) -> Any:
    return next(each for each in answer["materials"] if each["code"] == code)


def test_a_hall_gets_matter_and_grant_together_and_no_more(desk: Desk) -> None:
    desk.food()
    person = desk.person(LIN)
    answer = desk.use(desk.hall(person, "catering"), "catering")
    assert answer["matter"]["code"] == "catering"
    permit = material(answer, "permit")
    assert (permit["answer"], permit["next_step"]) == ("held", None)
    form = permit["licences"][0]
    # the grant leaves out "form", the matter has never heard of the telephone
    assert [field["name"] for field in form["fields"]] == ["operator", "premises"]
    assert "jws" not in form
    assert "holders" not in form
    assert LIN not in repr(answer)
    event = desk.trace(person)[0]
    assert (event["event"], event["client"]["name"], event["matter"]["zh"]) == (
        "licence.used",
        "大厅 hall",
        "餐饮备案",
    )
    assert event["details"]["purpose"] == "办理业务"
    assert event["details"]["business_number"] == "CASE-1"
    assert [field["zh"] for field in event["fields"]] == ["经营者名称", "经营场所"]


def test_every_holder_of_a_licence_reads_of_its_use_and_the_other_stays_masked(desk: Desk) -> None:
    desk.marriage()
    desk.table.load(ID_CARD, "111", LIN, id_card(LIN, "林漫"))
    husband, wife = desk.person(LIN), desk.person(CHEN)
    answer = desk.use(desk.hall(husband, "fund"), "fund")
    form = material(answer, "marriage")["licences"][0]
    assert value_of(form, "husband_name") == "林漫"
    assert value_of(form, "wife_name") == "陈**"
    assert [field["name"] for field in form["fields"]] == [
        "registered_on",
        "husband_name",
        "wife_name",
        "wife_number",
    ]
    assert "陈小游" not in repr(answer)
    assert CHEN not in repr(answer)
    identity = material(answer, "identity")["licences"][0]
    assert identity["as_answered_by"]["source"] == "police"
    assert [field["name"] for field in identity["fields"]] == ["name"]
    assert LIN not in repr(identity)
    assert [event["event"] for event in desk.trace(wife)] == ["licence.used", "licence.issued"]
    used = [event["type"]["code"] for event in desk.trace(husband) if event["event"] == "licence.used"]
    assert sorted(used) == sorted([ID_CARD, MARRIAGE])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"client": "unknown-hall"}, "403 use_not_granted"),
        ({"client": "past-hall"}, "403 use_not_granted"),
        ({"number": "CASE-2"}, "403 use_not_consented"),
        ({"purpose": "另有用途"}, "403 use_not_consented"),
        ({"matter": "fund"}, "403 use_not_consented"),
        ({"level": 1}, "403 level_too_low"),
    ],
)
def test_refused_uses_are_traced(desk: Desk, change: dict[str, Any], code: str) -> None:
    desk.food()
    desk.clock.advance(1)
    sent = {"matter": "catering", **change}
    token = desk.hall(desk.person(LIN, level=sent.pop("level", 3)), **sent)
    assert desk.refused("POST", "/uses", token, use_body("catering")) == code
    event = desk.trace(desk.person(LIN))[0]
    assert event["event"] == "licence.use_refused"
    assert event["details"]["reason"] == code.split()[1]
    assert event["client"]["client_id"] == change.get("client", "hall")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"purpose": ""}, "400 purpose_needed"),
        ({"business_number": ""}, "400 purpose_needed"),
        ({"business_number": "with space"}, "400 purpose_needed"),
        ({"purpose": "x" * 201}, "400 purpose_needed"),
        ({"purpose": f"为{LIN}办理"}, "400 purpose_needed"),
        ({"business_number": CHEN}, "400 purpose_needed"),
        ({"matter": "unheard-of"}, "400 unknown_matter"),
        ({"more": "x"}, "400 body_not_json"),
    ],
)
def test_a_use_says_what_for(embedded: Desk, change: dict[str, str], code: str) -> None:
    events = embedded.count("event")
    token = embedded.hall(embedded.person(LIN), "catering")
    events = embedded.count("event")
    assert embedded.refused("POST", "/uses", token, {**use_body("catering"), **change}) == code
    assert embedded.count("event") == events


def test_a_client_without_a_holder_gets_nothing(embedded: Desk) -> None:
    alone = embedded.tokens.put("alone", client="hall")
    assert embedded.refused("POST", "/uses", alone, use_body("catering")) == "401 unauthenticated"
    assert embedded.refused("POST", "/uses", None, use_body("catering")).startswith("401")


def test_the_five_answers(desk: Desk) -> None:
    person = desk.person(HUANG)
    catering, fund = desk.hall(person, "catering"), desk.hall(person, "fund")
    permit = material(desk.use(catering, "catering"), "permit")
    assert (permit["answer"], permit["licences"]) == ("none_complete", [])
    assert permit["next_step"]["zh"]
    answer = desk.use(fund, "fund")
    assert material(answer, "marriage")["answer"] == "none_incomplete"
    assert material(answer, "identity")["answer"] == "none_complete"
    desk.police.down = True
    assert material(desk.use(fund, "fund"), "identity")["answer"] == "source_down"
    desk.food(number=HUANG)
    assert material(desk.use(catering, "catering"), "permit")["answer"] == "held"
    desk.durable.write(lambda tx: tx.run(SQL("UPDATE licence SET trust = 'D'")))
    assert material(desk.use(catering, "catering"), "permit")["answer"] == "held_low_trust"
    # asked and not found is a use too: whoever asks learns something
    answers = [event["details"]["answer"] for event in desk.trace(person) if event["event"] == "licence.used"]
    assert sorted(set(answers)) == [
        "held",
        "held_low_trust",
        "none_complete",
        "none_incomplete",
        "source_down",
    ]


def test_a_licence_that_is_not_in_force_is_not_held(desk: Desk) -> None:
    issued = desk.food()
    token = desk.hall(desk.person(LIN), "catering")
    desk.transition(issued["identifier"], "suspend")
    assert material(desk.use(token, "catering"), "permit")["answer"] == "none_complete"
    desk.transition(issued["identifier"], "resume")
    assert material(desk.use(token, "catering"), "permit")["answer"] == "held"


def test_a_company_is_asked_for_the_materials_of_companies(desk: Desk) -> None:
    desk.issue(business_licence())
    desk.issue(food_permit(number=COMPANY, document_type="001"))
    company, person = desk.company(), desk.person(CHEN)
    answer = desk.use(desk.hall(company, "catering"), "catering")
    assert [each["code"] for each in answer["materials"]] == ["permit", "licence"]
    assert material(answer, "permit")["answer"] == "held"
    assert material(answer, "licence")["answer"] == "not_granted"
    answer = desk.use(desk.hall(person, "catering"), "catering")
    assert [each["code"] for each in answer["materials"]] == ["permit"]
    assert material(answer, "permit")["answer"] == "none_complete"


def test_the_daily_cap_is_counted_durably_and_by_the_day(desk: Desk) -> None:
    desk.marriage()
    husband = desk.person(LIN)
    token = desk.hall(husband, "fund")
    for _ in range(3):
        desk.use(token, "fund")
    desk.clock.advance(1)
    assert desk.refused("POST", "/uses", token, use_body("fund")) == "403 daily_cap_reached"
    assert desk.trace(husband)[0]["details"]["reason"] == "daily_cap_reached"
    # a use that did not happen counts against no other grant
    used = desk.durable.read(lambda tx: tx.rows(SQL("SELECT used FROM licence_use_count")))
    assert sorted(row[0] for row in used) == [3, 3]
    desk.clock.advance(86_400)
    assert desk.use(token, "fund")


@contextmanager
def blocked_trace(desk: Desk, request: pytest.FixtureRequest) -> Iterator[None]:
    """Nobody can append to the event table: a trigger on SQLite, somebody's lock on PostgreSQL."""
    if desk.durable.engine == "sqlite":
        desk.durable.write(
            lambda tx: tx.script(
                "CREATE TRIGGER blocked BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'blocked'); END;"
            )
        )
        yield
        desk.durable.write(lambda tx: tx.script("DROP TRIGGER blocked;"))
        return
    import psycopg

    with psycopg.connect(request.getfixturevalue("postgres_database").dsn) as other:
        other.execute("LOCK TABLE event IN ACCESS EXCLUSIVE MODE")
        yield
        other.rollback()


def test_with_the_trace_blocked_no_byte_of_a_licence_leaves(
    desk: Desk, request: pytest.FixtureRequest
) -> None:
    issued = desk.food()
    person = desk.person(LIN)
    token, unknown = desk.hall(person, "catering"), desk.hall(person, "catering", client="unknown-hall")
    code = desk.mint(issued["licence_id"], person)["digits"]
    verifier = desk.verifier()
    # side by side: on PostgreSQL each waits for the lock until its time-out
    with blocked_trace(desk, request), ThreadPoolExecutor(3) as pool:
        asked = [
            pool.submit(desk.call, "POST", "/uses", token, use_body("catering")),
            pool.submit(desk.call, "POST", "/uses", unknown, use_body("catering")),
            pool.submit(desk.call, "POST", "/codes/check", verifier, {"code": code}),
        ]
        replies = [each.result() for each in asked]
    for reply in replies:
        assert reply.status == 503, reply.body
        text = reply.body.decode()
        assert all(
            part not in text for part in ("漫游路", "林漫", issued["identifier"], issued["licence_id"])
        )
        assert reply.header("Retry-After")
    # neither the cap nor the code was spent by what did not happen
    assert desk.count("licence_use_count") == 0
    assert desk.check(code, verifier)["verdict"] == "valid"


# consent


def detail(**change: Any) -> dict[str, Any]:
    return {"type": "elicence", **use_body("catering"), **change}


def test_what_is_consented_to_is_said_in_both_languages(desk: Desk) -> None:
    kind = desk.library.detail_type
    assert kind.name == "elicence"
    valid = kind.validate(detail(), "hall")
    assert {name: value for name, value in valid.items() if name != "fields"} == detail()
    assert kind.validate(valid, "hall") == valid  # a client may send it back as it got it
    assert kind.validate({**valid, "fields": "0" * 32}, "hall") == valid  # and sets nothing by it
    sentences = [(each.zh, each.en) for each in kind.sentences(valid, "hall")]
    assert sentences[1] == (
        "食品经营许可证：经营者名称、经营场所",
        "Food business permit: Operator, Premises",
    )
    assert "餐饮备案" in sentences[0][0]
    assert sentences[-1] == ("业务编号：CASE-1", "Case number: CASE-1")
    assert kind.narrow(valid, valid)
    assert not kind.narrow({**valid, "business_number": "CASE-2"}, valid)
    assert not kind.narrow({**valid, "fields": "0" * 32}, valid)


@pytest.mark.parametrize(
    ("asked", "client", "code"),
    [
        (detail(more="x"), "hall", "authorization_detail_refused"),
        ({"type": "elicence", "matter": "catering"}, "hall", "authorization_detail_refused"),
        (detail(matter=["catering"]), "hall", "authorization_detail_refused"),
        (detail(type="other"), "hall", "authorization_detail_refused"),
        (detail(purpose=""), "hall", "purpose_needed"),
        (detail(business_number=""), "hall", "purpose_needed"),
        (detail(matter="none"), "hall", "unknown_matter"),
        (detail(), "other-hall", "use_not_granted"),
        (detail(), "past-hall", "use_not_granted"),
    ],
)
def test_details_that_mean_nothing_are_refused(
    embedded: Desk, asked: dict[str, Any], client: str, code: str
) -> None:
    with pytest.raises(Problem) as raised:
        embedded.library.detail_type.validate(asked, client)
    assert raised.value.code == code


def test_a_purpose_is_trimmed_and_composed() -> None:
    assert read_purpose(" 办理 ", "A-1/2.b_c") == ("办理", "A-1/2.b_c")
    assert read_purpose("", "", required=False) == ("", "")


def test_answers_are_json_of_the_documented_shape(embedded: Desk) -> None:
    embedded.food()
    reply = embedded.call(
        "POST", "/uses", embedded.hall(embedded.person(LIN), "catering"), use_body("catering")
    )
    assert reply.header("Cache-Control") == "no-store"
    assert set(msgspec.json.decode(reply.body)) == {"matter", "business_number", "used_at", "materials"}
