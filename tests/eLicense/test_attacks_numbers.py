"""A certificate's number goes out by a grant like any field: on many licences it is the holder's own."""

from __future__ import annotations

from tests.eLicense.conftest import CIVIL, LIN, Desk, business_licence, marriage_certificate


def test_a_number_that_no_granted_field_says_is_masked(desk: Desk) -> None:
    desk.issue({**marriage_certificate(), "number": LIN}, desk.authority(CIVIL))
    answer = desk.use(desk.hall(desk.person(LIN), "fund"), "fund")
    [form] = next(each for each in answer["materials"] if each["code"] == "marriage")["licences"]
    assert LIN not in repr(answer)
    assert form["number"][0] == "3"
    assert "*" in form["number"]


def test_a_number_that_the_law_publishes_stays_whole(desk: Desk) -> None:
    issued = desk.issue({**business_licence(), "number": "350100200000001"})
    code = desk.mint(issued["licence_id"], desk.company())
    assert desk.check(code["digits"])["licence"]["number"] == "350100200000001"
    other = desk.food()
    code = desk.mint(other["licence_id"], desk.person(LIN))
    seen = desk.check(code["digits"], desk.verifier())["licence"]["number"]
    assert (seen[0], seen[-1], set(seen[1:-1])) == ("J", "1", {"*"})
