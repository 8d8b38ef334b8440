"""What a person agrees to is what the page has shown them, also where its meaning changes meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from typing_extensions import override

from tests.idp.oauth.conftest import Counting, House, answered, body
from web.csrf import FIELD

ASKED = '[{"type":"count","most":2}]'


class Growing(Counting):
    """A type that says what a request opens by a catalogue of the moment, as licences do."""

    opens = "a name"

    @override
    def validate(self, detail: Mapping[str, Any], client: str) -> Mapping[str, Any]:
        asked = {name: value for name, value in detail.items() if name != "opens"}
        return {**super().validate(asked, client), "opens": self.opens}


def test_what_details_mean_is_agreed_to_as_it_was_shown(house: House) -> None:
    kind = Growing()
    cast("dict[str, Any]", house.engine.details)["count"] = kind
    house.client()
    browser, _ = house.login(house.person())
    where = house.authorize(browser, authorization_details=ASKED).header("Location") or ""
    page = house.call("GET", where, browser=browser).body.decode()
    token = page.partition(f'name="{FIELD}" value="')[2].partition('"')[0]
    kind.opens = "a name and a home address"
    form = {FIELD: token, "decision": "allow"}
    again = house.call("POST", where, browser=browser, form=form)
    assert (again.header("Location") or "").startswith("/consent?")
    assert house.count("consent") == 0
    shown_anew = house.decide(browser, again.header("Location") or "")
    code = answered(house.call("GET", shown_anew.header("Location") or "", browser=browser))["code"]
    (granted,) = body(house.redeem(code))["authorization_details"]
    assert granted["opens"] == kind.opens
