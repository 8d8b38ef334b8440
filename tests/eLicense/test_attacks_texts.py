"""Texts that would read otherwise than they are recorded, or would be left out in silence, are refused."""

from __future__ import annotations

import pytest

from tests.eLicense.conftest import LIN, Desk, food_permit, use_body

TURNING = ("取款\u202e1 元", "\u2066a\u2069", "a\u200fb", "a\u2028b")


@pytest.mark.parametrize("text", TURNING)
def test_no_purpose_and_no_field_turns_the_line(embedded: Desk, text: str) -> None:
    token = embedded.hall(embedded.person(LIN), "catering", purpose=text)
    assert embedded.refused("POST", "/uses", token, use_body("catering", text)) == "400 purpose_needed"
    body = food_permit()
    body["fields"] = {**body["fields"], "operator": text}
    headers = {"Idempotency-Key": "turning-the-line"}
    issuer = embedded.authority()
    assert embedded.refused("POST", "/licences", issuer, body, headers=headers) == "400 field_refused"
    body = food_permit()
    body["holders"][0]["name"] = text
    assert embedded.refused("POST", "/licences", issuer, body, headers=headers) == "400 holder_refused"


def test_an_optional_field_or_share_is_signed_or_refused(embedded: Desk) -> None:
    issuer, headers = embedded.authority(), {"Idempotency-Key": "left-out-in-silence"}
    body = food_permit()
    body["fields"] = {**body["fields"], "inspector_phone": "12\t315"}
    assert embedded.refused("POST", "/licences", issuer, body, headers=headers) == "400 field_refused"
    body = food_permit()
    body["holders"][0]["share"] = "1\x002"
    assert embedded.refused("POST", "/licences", issuer, body, headers=headers) == "400 holder_refused"
