"""What a stranger learns by beginning an activation in somebody's name: nothing, whatever is measured."""

from __future__ import annotations

import re

import pytest

from tests.idp.conftest import LI, NO_PHONE, House
from tests.idp.test_login_pages import NOBODY

MANY = [f"王{chr(0x4E00 + each)}" for each in range(40)]


def seen(town: House, name: str, number: str) -> tuple[int, int, str]:
    """How long the cookie is, how long the page, and the digits that the page shows."""
    browser = town.browser()
    browser.send("/activate", {"name": name, "identifier": number})
    page = browser.get("/activate/code").text
    tail = re.search(r"ends in (\d\d)", page)
    assert tail
    return len(browser.cookie("manyou-activation") or ""), len(page), tail[1]


@pytest.fixture
def town(house: House) -> House:
    house.import_rows(LI, NO_PHONE)
    return house


def test_the_sealed_cookie_of_a_match_is_as_long_as_any(town: House) -> None:
    match = seen(town, LI["name"], LI["number"])
    others = [
        seen(town, "王小明", LI["number"]),
        seen(town, LI["name"], NOBODY),
        seen(town, NO_PHONE["name"], NO_PHONE["number"]),
        seen(town, "x", "junk"),
    ]
    assert {each[:2] for each in others} == {match[:2]}


def test_many_names_tried_on_one_number_show_no_common_digits_that_the_right_one_breaks(town: House) -> None:
    tails = [seen(town, name, LI["number"])[2] for name in MANY]
    assert len(set(tails)) > len(MANY) // 3
    assert tails == [seen(town, name, LI["number"])[2] for name in MANY]


def test_two_writings_of_one_name_are_answered_alike_also_where_they_do_not_match(town: House) -> None:
    for one, other in (("MARIA LOPEZ", "maria  lopez"), ("买买提·艾力", "买买提•艾力")):
        assert seen(town, one, LI["number"]) == seen(town, other, LI["number"])


def test_a_corrected_phone_gets_the_code_and_the_one_before_opens_nothing(town: House) -> None:
    """A living code goes out again as it is; not to a phone that the registry no longer has."""
    stranger, owner = town.browser(), town.browser()
    form = {"name": LI["name"], "identifier": LI["number"]}
    stranger.send("/activate", form)
    town.provider.jobs[0][2](town.clock())
    old = town.sms_code()
    town.clock.advance(120)
    town.import_rows({**LI, "mobile": "13700137000"})
    owner.send("/activate", form)
    mobile, _ = town.messages()[0]
    assert mobile == "13700137000"
    new = town.sms_code()
    assert old != new
    assert stranger.send("/activate/code", {"code": old}).status_code == 403
    assert stranger.send("/activate/code", {"code": new}).status_code == 403
    assert owner.send("/activate/code", {"code": old}).status_code == 403
    assert owner.send("/activate/code", {"code": new}).status_code == 303
