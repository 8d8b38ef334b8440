"""The life of a licence: the table of states, who may order what, what counts when."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from eLicense.licences.states import ENDED, TABLE, VERDICT, Operation, State, after, bits, state_at
from tests.eLicense.conftest import APPROVAL, CIVIL, HEALTH, LIN, Desk


def test_the_table_is_closed_and_final_states_are_final() -> None:
    assert set(VERDICT) == set(State)
    leaving = {state for state, _ in TABLE}
    assert {State.WITHDRAWN, State.CANCELLED, State.SUPERSEDED}.isdisjoint(leaving)
    assert all(after(State.REVOKED, operation) is None for operation in set(Operation) - {Operation.CANCEL})
    assert {bits(state) for state in ENDED} == {1}
    assert (bits(State.VALID), bits(State.SUSPENDED)) == (0, 2)


@pytest.mark.parametrize(
    ("seconds", "state"), [(99, State.VALID), (100, State.EXPIRED), (101, State.EXPIRED)]
)
def test_validity_ends_by_the_clock(seconds: int, state: State) -> None:
    assert state_at(State.VALID, 100, seconds) is state
    assert state_at(State.REVOKED, 100, seconds) is State.REVOKED
    assert state_at(State.VALID, 0, seconds) is State.VALID


def test_suspend_resume_revoke(desk: Desk) -> None:
    identifier = desk.food()["identifier"]
    desk.clock.advance(1)
    assert desk.transition(identifier, "suspend")["state"] == "suspended"
    desk.clock.advance(1)
    assert desk.transition(identifier, "resume")["state"] == "valid"
    desk.clock.advance(1)
    revoked = desk.transition(identifier, "revoke", document={"name": "吊销决定书", "number": "〔2026〕8号"})
    assert (revoked["state"], revoked["state_code"], revoked["revision"]) == ("revoked", "07", 4)
    assert [change["operation"] for change in revoked["history"]] == ["issue", "suspend", "resume", "revoke"]
    events = [(event["event"], event["details"].get("operation")) for event in desk.trace(desk.person(LIN))]
    assert events == [
        ("licence.changed", "revoke"),
        ("licence.changed", "resume"),
        ("licence.changed", "suspend"),
        ("licence.issued", None),
    ]


@pytest.mark.parametrize("operation", ["expire", "supersede", "transfer_out", "issue", "undo_transfer"])
def test_an_authority_orders_only_what_the_table_lets_it(embedded: Desk, operation: str) -> None:
    identifier = embedded.food()["identifier"]
    body = {"operation": operation, "reason": "x"}
    found = embedded.refused("POST", f"/licences/{identifier}/transitions", embedded.authority(), body)
    assert found == "403 not_competent"


def test_transitions_are_refused_where_they_do_not_fit(embedded: Desk) -> None:
    identifier = embedded.food()["identifier"]
    path = f"/licences/{identifier}/transitions"
    market = embedded.authority()
    body = {"operation": "suspend", "reason": "x"}
    assert embedded.refused("POST", path, market, {**body, "operation": "resume"}) == "409 transition_refused"
    assert embedded.refused("POST", path, market, {**body, "revision": 7}) == "409 transition_refused"
    assert embedded.refused("POST", path, market, {**body, "reason": " "}) == "409 transition_refused"
    assert embedded.refused("POST", path, market, {**body, "operation": "melt"}) == "400 body_not_json"
    early = {**body, "effective_at": "2026-01-01T00:00:00Z", "document": {"name": "文"}}
    assert embedded.refused("POST", path, market, early) == "400 period_refused"
    for uscc in (CIVIL, HEALTH):
        assert embedded.refused("POST", path, embedded.authority(uscc), body) == "403 not_competent"
        assert (
            embedded.refused("GET", f"/licences/{identifier}", embedded.authority(uscc))
            == "403 not_competent"
        )
    assert embedded.refused("POST", "/licences/1.2.3/transitions", market, body) == "404 no_such_licence"
    for odd in ("%00", "licence\0", "١", "x" * 400):
        assert embedded.refused("GET", f"/licences/{odd}", market) == "404 no_such_licence"
    assert embedded.count("licence_change") == 1
    # the superior may
    assert embedded.transition(identifier, "suspend", embedded.authority(APPROVAL))["state"] == "suspended"
    cancel = {**body, "operation": "cancel"}
    assert embedded.refused("POST", path, embedded.authority(APPROVAL), cancel) == "403 not_competent"


def test_of_racing_orders_each_state_is_left_once(desk: Desk) -> None:
    identifier = desk.food()["identifier"]
    market = desk.authority()

    def order(operation: str) -> int:
        body = {"operation": operation, "reason": "x"}
        return desk.call("POST", f"/licences/{identifier}/transitions", market, body).status

    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(order, ["revoke", "withdraw"] * 12))
    assert sorted(set(found)) == [200, 409]
    assert found.count(200) == 1
    assert desk.count("licence_change") == 2


def test_validity_ends_without_anybody_doing_anything(desk: Desk) -> None:
    issued = desk.food(valid_until="2026-09-30")
    token = desk.person(LIN)
    assert desk.ok("GET", "/file", token)["licences"][0]["state"] == "valid"
    desk.clock.advance(20 * 86_400)
    assert desk.ok("GET", "/file", token)["licences"][0]["state"] == "expired"
    assert (
        desk.refused("POST", "/codes", token, {"licence_id": issued["licence_id"]})
        == "409 licence_not_showable"
    )
    assert desk.library.jobs["expire_licences"](desk.clock()) == 1
    assert desk.library.jobs["expire_licences"](desk.clock()) == 0
    shown = desk.ok("GET", f"/licences/{issued['identifier']}", desk.authority())
    assert shown["history"][-1]["operation"] == "expire"
    assert shown["history"][-1]["effective_at"] == "2026-09-30T16:00:00Z"
