"""No request, however malformed, is a fault of ours, and none changes anything."""

from __future__ import annotations

import random
from typing import Any

from tests.eLicense.conftest import LIN, Desk, food_permit, use_body

TABLES = (
    "licence",
    "licence_claim",
    "licence_holder",
    "licence_change",
    "licence_use_count",
    "holder",
    "spent",
)
NASTY: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**70,
    1e308,
    "",
    " ",
    "\x00",
    "\u202e林",
    "１",
    "x" * 5_000,
    "9" * 4_000,
    "0001-01-01",
    "9999-12-31",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    [],
    [[]],
    {},
    {"a": {"b": []}},
)


def spoiled(body: Any, luck: random.Random) -> Any:
    """The body with one value, somewhere in it, replaced."""
    if isinstance(body, dict) and body and luck.random() < 0.9:
        name = luck.choice([*body])
        return {**body, name: spoiled(body[name], luck)}
    if isinstance(body, list) and body and luck.random() < 0.9:
        return [spoiled(body[0], luck), *body[1:]]
    return luck.choice(NASTY)


def test_nothing_malformed_is_a_fault_or_changes_anything(desk: Desk) -> None:
    issued, person = desk.food(), desk.person(LIN)
    authority, hall, verifier = desk.authority(), desk.hall(person, "catering"), desk.verifier()
    change = {
        "operation": "revoke",
        "reason": "x",
        "effective_at": "2026-09-01T00:00:00Z",
        "document": {"name": "x", "number": "y"},
        "revision": 9,  # never the present one: what is spoiled elsewhere stays refused
    }
    permit = {
        **food_permit(),
        "region": "350200",
        "effective_at": "2026-09-01T00:00:00Z",
        "document": {"name": "x"},
    }
    asks: tuple[tuple[str, str, Any], ...] = (
        ("/licences", authority, permit),
        (f"/licences/{issued['identifier']}/transitions", authority, change),
        ("/uses", hall, {**use_body("catering"), "matter": "fund"}),
        ("/codes", person, {"licence_id": "00" * 12}),
        ("/codes/check", verifier, {"code": "1" * 300, "purpose": "x", "business_number": "1"}),
    )
    before = [desk.count(table) for table in TABLES]
    luck = random.Random(20260922)
    for _ in range(80):
        for path, token, body in asks:
            sent = spoiled(body, luck)
            reply = desk.call("POST", path, token, sent, {"Idempotency-Key": "request-spoiled"})
            assert reply.status < 500, (path, sent, reply.body)
    for query in (
        "limit=\x00",
        "before=%00",
        "limit=1&limit=2",
        "before=" + "ff" * 16,
        "before=" + "00" * 16,
    ):
        assert desk.call("GET", f"/trace?{query}", person).status < 500
    assert [desk.count(table) for table in TABLES] == before
