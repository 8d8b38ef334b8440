"""A resident number that is at once a well-formed unified social credit code is a person's."""

from __future__ import annotations

import pytest

from idp.people.numbers import organisation_meant, uscc_of
from tests.idp.conftest import COMPANY, House

BOTH = ("350102197111181706", "810000198108020685", "830000193104255162", "350102197508024506")


@pytest.mark.parametrize("number", BOTH)
def test_a_person_whose_number_is_a_well_formed_code_too_is_imported_and_logs_in(
    house: House, number: str
) -> None:
    assert uscc_of(number) is not None
    report = house.import_rows({"kind": "person", "number": number, "name": "李小明"})
    assert not report.bad
    house.account(number)
    reply = house.browser().log_in(number)
    assert (reply.status_code, reply.headers["Location"]) == (303, "/account")


def test_a_code_means_its_organisation() -> None:
    assert organisation_meant(COMPANY["number"]) == COMPANY["number"]
    assert organisation_meant("no number") is None
