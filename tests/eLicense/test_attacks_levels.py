"""Who is not known well enough, or is no authority any more, gets nothing by another door."""

from __future__ import annotations

import pytest

from tests.eLicense.conftest import CHEN, CIVIL, LIN, Desk, use_body


def test_a_sensitive_licence_goes_to_no_hall_for_somebody_known_less_well(desk: Desk) -> None:
    desk.marriage()
    token = desk.hall(desk.person(LIN, level=2), "fund")
    assert desk.refused("POST", "/uses", token, use_body("fund")) == "403 level_too_low"
    assert desk.trace(desk.person(LIN))[0]["details"]["reason"] == "level_too_low"
    assert desk.count("licence_use_count") == 0


def test_a_sensitive_licence_is_opened_by_nobody_known_less_well(embedded: Desk) -> None:
    issued = embedded.marriage()
    path = f"/file/{issued['licence_id']}"
    assert embedded.refused("GET", path, embedded.person(CHEN, level=2)) == "403 level_too_low"
    assert embedded.ok("GET", path, embedded.person(CHEN, level=3))
    food = embedded.food()
    assert embedded.ok("GET", f"/file/{food['licence_id']}", embedded.person(LIN, level=2))


@pytest.mark.parametrize("gone", [(LIN,), (CHEN,), (LIN, CHEN)])
def test_erased_holders_keep_no_licence_from_being_withdrawn(embedded: Desk, gone: tuple[str, ...]) -> None:
    issued = embedded.marriage()
    for number in gone:
        key = embedded.register.find("111", number)
        assert key is not None
        assert embedded.register.erase(key)
    form = embedded.transition(issued["identifier"], "withdraw", embedded.authority(CIVIL))
    assert form["state"] == "withdrawn"
    assert [change["operation"] for change in form["history"]] == ["issue", "withdraw"]
