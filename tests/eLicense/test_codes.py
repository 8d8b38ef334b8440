"""The code: who sees what, what is spent, and every verdict by its own name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from manyou.codes import Verdict
from manyou.offline import verify_offline
from manyou.status import verify as verify_status
from store import SQL
from tests.eLicense.conftest import CHEN, CIVIL, LIN, Desk, business_licence
from tests.eLicense.test_file import value_of
from tests.eLicense.test_issue import trust_of


def test_a_holder_shows_a_code_and_anybody_sees_it_genuine(desk: Desk) -> None:
    issued, token = desk.food(), desk.person(LIN)
    code = desk.mint(issued["licence_id"], token)
    assert code["url"] == f"HTTP://127.0.0.1:8000/V/{code['digits']}"
    assert code["ends"] - code["issued_at"] == 60
    assert code["svg_path"].startswith("M")
    assert code["size"] > 50
    for text in (code["digits"], code["url"]):
        answer = desk.check(text)
        assert (answer["verdict"], answer["valid"]) == ("valid", True)
        assert answer["holder"] == {"kind": "person", "shown": "林*", "name": None, "compare_with_card": True}
        assert answer["licence"]["type"]["zh"] == "食品经营许可证"
        assert "fields" not in answer
        assert "林漫" not in repr(answer)
        assert "漫游路" not in repr(answer)
        assert issued["identifier"] not in repr(answer)
    event = desk.trace(token)[0]
    assert (event["event"], event["actor"], event["client"]) == (
        "licence.checked",
        {"code": "somebody"},
        None,
    )
    assert desk.count("spent") == 0
    assert desk.mint(issued["licence_id"], token)["digits"] != code["digits"]


def test_that_a_licence_is_over_matters_more_than_an_earlier_scan(desk: Desk) -> None:
    issued, token = desk.food(), desk.person(LIN)
    code = desk.mint(issued["licence_id"], token)["digits"]
    assert desk.check(code, desk.verifier())["verdict"] == "valid"
    desk.transition(issued["identifier"], "revoke")
    for verifier in (desk.verifier(), desk.verifier("second"), None):
        assert desk.check(code, verifier)["verdict"] == "revoked"


def test_a_public_type_shows_what_the_law_publishes(desk: Desk) -> None:
    issued, company = desk.issue(business_licence()), desk.company()
    answer = desk.check(desk.mint(issued["licence_id"], company)["digits"])
    assert answer["holder"]["shown"] == "91350000MADEM00030"
    assert answer["holder"]["name"] == "示范漫游食品有限公司"
    assert value_of(answer, "representative") == "陈小游"
    assert answer["licence"]["identifier"] == issued["identifier"]


def test_a_registered_verifier_sees_its_grant_spends_and_is_named(desk: Desk) -> None:
    issued, token = desk.food(), desk.person(LIN)
    code = desk.mint(issued["licence_id"], token)["digits"]
    first, second = desk.verifier(), desk.verifier("other-inspection")
    answer = desk.check(code, first, purpose="日常检查", business_number="J-7")
    assert answer["verdict"] == "valid"
    assert [field["name"] for field in answer["fields"]] == ["operator", "form", "premises"]
    assert answer["holder"]["name"] == "林漫"
    event = desk.trace(token)[0]
    assert (event["client"]["name"], event["details"]["purpose"]) == ("检查 inspection", "日常检查")
    assert event["details"]["business_number"] == "J-7"
    desk.clock.advance(5)
    again = desk.check(code, first, purpose="日常检查", business_number="J-7")
    assert {**again, "checked_at": ""} == {**answer, "checked_at": ""}
    desk.clock.advance(1)
    for other in (second, None):
        late = desk.check(code, other)
        assert late["verdict"] == "already_used"
        assert late["used_at"] == answer["checked_at"]
        assert "fields" not in late
    assert desk.trace(token)[0]["details"]["verdict"] == "already_used"


def test_the_portal_counts_as_anybody(desk: Desk) -> None:
    issued, token = desk.food(), desk.person(LIN)
    code = desk.mint(issued["licence_id"], token)["digits"]
    for kind in ("public", "none"):
        assert "fields" not in desk.check(code, desk.verifier(f"portal-{kind}", kind))
    assert desk.count("spent") == 0
    assert desk.trace(token)[0]["client"] is None
    assert desk.refused("POST", "/codes/check", desk.authority(), {"code": code}) == "403 scope_missing"
    assert desk.refused("POST", "/codes/check", "unknown", {"code": code}).startswith("401")


def test_a_verifier_without_a_grant_for_the_type_sees_what_anybody_sees(desk: Desk) -> None:
    issued, token = desk.food(), desk.person(LIN)
    code = desk.mint(issued["licence_id"], token)["digits"]
    answer = desk.check(code, desk.verifier("new-inspection"))
    assert (answer["verdict"], answer["holder"]["name"]) == ("valid", None)
    assert "fields" not in answer
    assert desk.count("spent") == 1


def test_fifty_racing_verifiers_and_one_wins(desk: Desk) -> None:
    issued, token = desk.food(), desk.person(LIN)
    code = desk.mint(issued["licence_id"], token)["digits"]
    verifiers = [desk.verifier(f"inspection-{place}") for place in range(50)]
    with ThreadPoolExecutor(50) as pool:
        found = list(pool.map(lambda verifier: desk.check(code, verifier)["verdict"], verifiers))
    assert sorted(found) == ["already_used"] * 49 + ["valid"]
    assert desk.count("spent") == 1


def test_one_verifier_racing_itself_sees_one_answer(desk: Desk) -> None:
    issued, token = desk.food(), desk.person(LIN)
    code = desk.mint(issued["licence_id"], token)["digits"]
    verifier = desk.verifier()
    with ThreadPoolExecutor(16) as pool:
        found = {repr(answer) for answer in pool.map(lambda _: desk.check(code, verifier), range(32))}
    assert len(found) == 1


@pytest.mark.parametrize("operation", ["suspend", "revoke", "withdraw", "cancel"])
def test_what_an_authority_does_shows_at_the_next_scan(desk: Desk, operation: str) -> None:
    issued, token = desk.food(), desk.person(LIN)
    code = desk.mint(issued["licence_id"], token)["digits"]
    assert desk.check(code)["verdict"] == "valid"
    state = desk.transition(issued["identifier"], operation)["state"]
    for verifier in (None, desk.verifier()):
        answer = desk.check(code, verifier)
        assert (answer["verdict"], answer["valid"]) == (state, False)
        assert "fields" not in answer
        assert answer["sentence"]["zh"]
        assert answer["sentence"]["en"]
    assert (
        desk.refused("POST", "/codes", token, {"licence_id": issued["licence_id"]})
        == "409 licence_not_showable"
    )


@pytest.mark.parametrize(
    ("seconds", "verdict"),
    [(59, "valid"), (60, "code_expired"), (61, "code_expired"), (-30, "valid"), (-31, "clock_differs")],
)
def test_a_code_is_of_its_moment(embedded: Desk, seconds: int, verdict: str) -> None:
    issued, token = embedded.food(), embedded.person(LIN)
    code = embedded.mint(issued["licence_id"], token)["digits"]
    events = embedded.count("event")
    embedded.clock.advance(seconds)
    answer = embedded.check(code)
    assert answer["verdict"] == verdict
    assert ("licence" in answer) == (verdict == "valid")
    assert embedded.count("event") == events + (verdict == "valid")


@pytest.mark.parametrize("seconds", [59, 60, 86_400])
def test_a_spent_code_stays_spent(embedded: Desk, seconds: int) -> None:
    issued, token = embedded.food(), embedded.person(LIN)
    code = embedded.mint(issued["licence_id"], token)["digits"]
    embedded.check(code, embedded.verifier())
    embedded.clock.advance(seconds)
    assert embedded.check(code, embedded.verifier("second"))["verdict"] in {"already_used", "code_expired"}


def test_a_code_that_is_none_has_its_own_verdicts(embedded: Desk) -> None:
    issued, token = embedded.food(), embedded.person(LIN)
    digits = embedded.mint(issued["licence_id"], token)["digits"]
    assert embedded.check("https://example.test/")["verdict"] == "unreadable"
    assert embedded.check("1" * 300)["verdict"] == "unreadable"
    assert embedded.check("")["verdict"] == "unreadable"
    number = int(digits)
    framed = bytearray(number.to_bytes((number.bit_length() + 7) // 8, "big"))
    forged = bytearray(framed)
    forged[40] ^= 1
    assert embedded.check(str(int.from_bytes(forged, "big")))["verdict"] in {"bad_signature", "unreadable"}
    stranger = bytearray(framed)
    stranger[8] ^= 0xFF
    assert embedded.check(str(int.from_bytes(stranger, "big")))["verdict"] == "unknown_issuer"


def test_a_code_of_a_licence_that_is_not_there_is_never_valid(embedded: Desk) -> None:
    issued, token = embedded.food(), embedded.person(LIN)
    code = embedded.mint(issued["licence_id"], token)["digits"]
    embedded.durable.write(lambda tx: tx.run(SQL("DELETE FROM licence")))
    answer = embedded.check(code)
    assert (answer["verdict"], answer["valid"]) == ("status_unknown", False)


def test_every_verdict_has_a_sentence(embedded: Desk) -> None:
    texts = embedded.pages.catalogue
    online = set(Verdict) - {Verdict.NO_LONGER_VALID}
    assert {key.split(".")[1] for key in texts.texts if key.startswith("elicence_verdict.")} == online


def test_another_licences_code_never_shows_this_holder(desk: Desk) -> None:
    mine, other = (
        desk.food(),
        desk.food(number=CHEN, fields={"operator": "别家", "form": "食品销售", "premises": "别处"}),
    )
    code = desk.mint(other["licence_id"], desk.person(CHEN))["digits"]
    answer = desk.check(code, desk.verifier())
    assert "林漫小吃店" not in repr(answer)
    assert value_of(answer, "operator") == "别家"
    assert mine["identifier"] not in repr(answer)
    assert [event["event"] for event in desk.trace(desk.person(LIN))] == ["licence.issued"]


def test_a_certificate_of_two_shows_the_one_who_shows_it(desk: Desk) -> None:
    issued = desk.marriage()
    for number, role, own, other in ((LIN, "husband", "林漫", "陈小游"), (CHEN, "wife", "陈小游", "林漫")):
        code = desk.mint(issued["licence_id"], desk.person(number))["digits"]
        answer = desk.check(code, desk.verifier())
        assert value_of(answer, f"{role}_name") == own
        assert other not in repr(answer)
        assert answer["holder"]["name"] == own
    assert len(desk.trace(desk.person(LIN))) == len(desk.trace(desk.person(CHEN))) == 3


def test_two_who_look_alike_in_a_code_are_both_masked(embedded: Desk) -> None:
    body: dict[str, Any] = {
        "holders": [
            {"document_type": "111", "number": LIN, "name": "林漫", "role": "husband"},
            {"document_type": "111", "number": CHEN, "name": "林游", "role": "wife"},
        ],
        "fields": {
            "registered_on": "2018-05-20",
            "husband_name": "林漫",
            "husband_number": LIN,
            "wife_name": "林游",
            "wife_number": CHEN,
        },
    }
    from tests.eLicense.conftest import marriage_certificate

    issued = embedded.issue({**marriage_certificate(), **body}, embedded.authority(CIVIL))
    code = embedded.mint(issued["licence_id"], embedded.person(LIN))["digits"]
    answer = embedded.check(code, embedded.verifier())
    assert answer["verdict"] == "valid"
    assert "林漫" not in repr(answer)
    assert "林游" not in repr(answer)


@pytest.mark.parametrize(("level", "ok"), [(1, False), (2, True), (3, True)])
def test_showing_needs_a_level(embedded: Desk, level: int, *, ok: bool) -> None:
    issued = embedded.food()
    reply = embedded.call("POST", "/codes", embedded.person(LIN, level), {"licence_id": issued["licence_id"]})
    assert (reply.status == 200) == ok


def test_showing_a_sensitive_type_needs_more(embedded: Desk) -> None:
    issued = embedded.marriage()
    found = embedded.refused("POST", "/codes", embedded.person(LIN, 2), {"licence_id": issued["licence_id"]})
    assert found == "403 level_too_low"


def test_a_code_verifies_offline_until_the_list_says_otherwise(desk: Desk) -> None:
    issued, token = desk.food(), desk.person(LIN)
    code = desk.mint(issued["licence_id"], token)["digits"]
    trust, now = trust_of(desk), desk.clock()
    number = issued["status"]["list"]

    def check() -> Verdict:
        status = verify_status(desk.call("GET", f"/status/{number}").body.decode(), number, trust, now)
        return verify_offline(code, trust, {number: status}, now).verdict

    assert check() is Verdict.VALID
    desk.transition(issued["identifier"], "suspend")
    desk.feed.poll()
    assert check() is Verdict.SUSPENDED
    desk.transition(issued["identifier"], "revoke")
    desk.feed.poll()
    assert check() is Verdict.NO_LONGER_VALID


def test_revoking_races_checking(desk: Desk) -> None:
    """A check that begins after the answer to a revocation never finds the licence valid."""
    issued, token = desk.food(), desk.person(LIN)
    code = desk.mint(issued["licence_id"], token)["digits"]
    desk.authority()

    def check(_: int) -> str:
        return str(desk.check(code)["verdict"])

    with ThreadPoolExecutor(8) as pool:
        early = [pool.submit(check, place) for place in range(16)]
        desk.transition(issued["identifier"], "revoke")
        late = [pool.submit(check, place) for place in range(16)]
        assert {each.result() for each in early} <= {"valid", "revoked"}
        assert {each.result() for each in late} == {"revoked"}
