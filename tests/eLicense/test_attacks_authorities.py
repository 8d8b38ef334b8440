"""An authority that has ended, or a licence of another one: nothing is issued, changed or read."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

import eLicense
from eLicense.calendar import day_of
from eLicense.catalogue import Definition
from eLicense.catalogue.loading import stored
from tests.eLicense.conftest import CIVIL, HEALTH, MARKET, Desk, food_permit, marriage_certificate


def end(desk: Desk, uscc: str, *, successor: str = "") -> None:
    """The agency's last day was yesterday."""
    agency = next(each for each in desk.durable.read(stored).agencies if each.uscc == uscc)
    yesterday = day_of(desk.clock()) - timedelta(days=1)
    ended = msgspec.structs.replace(agency, ends=yesterday, successor=successor)
    eLicense.catalogue.load(
        Definition(agencies=(ended,)), durable=desk.durable, keys=desk.keys, now=desk.clock()
    )
    desk.feed.poll()


@pytest.mark.parametrize("operation", ["suspend", "revoke", "cancel", "withdraw"])
def test_an_authority_that_has_ended_changes_and_reads_nothing(embedded: Desk, operation: str) -> None:
    issued = embedded.food()
    end(embedded, MARKET, successor=HEALTH)
    path = f"/licences/{issued['identifier']}"
    body = {"operation": operation, "reason": "旧令牌"}
    gone = embedded.authority(MARKET)
    assert embedded.refused("POST", f"{path}/transitions", gone, body) == "403 not_an_authority"
    assert embedded.refused("GET", path, gone) == "403 not_an_authority"
    key = {"Idempotency-Key": "after-the-end"}
    assert embedded.refused("POST", "/licences", gone, food_permit(), headers=key) == "403 not_competent"
    heir = embedded.authority(HEALTH)
    assert embedded.transition(issued["identifier"], operation, heir)["revision"] == 2


def test_an_authority_of_another_type_neither_reads_nor_changes(embedded: Desk) -> None:
    issued = embedded.food()
    path, other = f"/licences/{issued['identifier']}", embedded.authority(CIVIL)
    assert embedded.refused("GET", path, other) == "403 not_competent"
    body = {"operation": "revoke", "reason": "不归我管"}
    assert embedded.refused("POST", f"{path}/transitions", other, body) == "403 not_competent"
    key = {"Idempotency-Key": "not-my-type"}
    assert embedded.refused("POST", "/licences", other, food_permit(), headers=key) == "403 not_competent"


def test_one_idempotency_key_of_two_authorities_is_two_requests(embedded: Desk) -> None:
    mine = embedded.issue(food_permit(), key="the-same-key")
    other = embedded.issue(marriage_certificate(), embedded.authority(CIVIL), key="the-same-key")
    assert mine["identifier"] != other["identifier"]
