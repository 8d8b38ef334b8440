"""A login that is too weak or too old for what is asked: the challenge says which one would do (RFC 9470)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from store import Durable
from tests.eLicense.conftest import CHEN, LIN, Clock, Desk, make_desk, use_body
from web import Reply

STRONG: dict[str, Any] = {"company_strength": 2, "company_login_seconds": 300}


@pytest.fixture
def strict(sqlite_durable: Durable, clock: Clock, key_folder: Path) -> Desk:
    """Where acting for an organisation, and sensitive types, take two factors within five minutes."""
    return make_desk(sqlite_durable, clock, key_folder, **STRONG)


def logged_in(desk: Desk, token: str, **login: Any) -> str:
    """The same token from another login."""
    desk.tokens.known[token] = replace(desk.tokens.known[token], auth_time=desk.clock(), **login)
    return token


def challenge(reply: Reply) -> str:
    assert reply.status == 401, reply.body
    assert b"insufficient_user_authentication" in reply.body
    found = reply.header("WWW-Authenticate") or ""
    assert found.startswith('Bearer realm="manyou", error="insufficient_user_authentication", ')
    return found.partition('challenge."')[2]


def test_a_company_is_acted_for_after_a_strong_login_of_just_now(strict: Desk) -> None:
    token = logged_in(strict, strict.company())
    assert challenge(strict.call("GET", "/file", token)) == ', acr_values="urn:manyou:acr:r3-a2"'
    logged_in(strict, token, strength=2)
    assert strict.ok("GET", "/file", token)
    strict.tokens.known[token] = replace(strict.tokens.known[token], auth_time=strict.clock() - 300)
    assert strict.ok("GET", "/file", token)
    strict.tokens.known[token] = replace(strict.tokens.known[token], auth_time=strict.clock() - 301)
    assert challenge(strict.call("GET", "/file", token)) == ', max_age="300"'
    strict.tokens.known[token] = replace(strict.tokens.known[token], strength=1)
    assert challenge(strict.call("GET", "/trace", token)) == (
        ', acr_values="urn:manyou:acr:r3-a2", max_age="300"'
    )


def test_what_is_not_sensitive_asks_for_no_more(strict: Desk) -> None:
    assert strict.ok("GET", "/file", strict.person(LIN, level=2))


def test_a_level_that_rose_since_shows_with_a_new_login_and_one_that_did_not_never(embedded: Desk) -> None:
    issued = embedded.marriage()
    token = embedded.person(CHEN, level=2)
    path = f"/file/{issued['licence_id']}"
    assert embedded.refused("GET", path, token) == "403 level_too_low"
    logged_in(embedded, token, present_level=3)
    assert challenge(embedded.call("GET", path, token)) == ', acr_values="urn:manyou:acr:r3-a1"'
    body = {"licence_id": issued["licence_id"]}
    assert challenge(embedded.call("POST", "/codes", token, body)) == ', acr_values="urn:manyou:acr:r3-a1"'


def test_a_hall_hears_it_and_the_holder_reads_it_in_the_trace(strict: Desk) -> None:
    strict.marriage()
    token = strict.hall(logged_in(strict, strict.person(LIN)), "fund")
    reply = strict.call("POST", "/uses", token, use_body("fund"))
    assert challenge(reply) == ', acr_values="urn:manyou:acr:r3-a2"'
    (first, *_) = strict.trace(logged_in(strict, strict.person(LIN), strength=2))
    assert first["details"]["reason"] == "insufficient_user_authentication"
    assert strict.count("licence_use_count") == 0
    logged_in(strict, token, strength=2)
    assert strict.ok("POST", "/uses", token, use_body("fund"))


@pytest.mark.parametrize(
    ("name", "value"), [("company_strength", 0), ("company_strength", 4), ("company_login_seconds", -1)]
)
def test_settings_that_cannot_work_are_refused(
    sqlite_durable: Durable, clock: Clock, key_folder: Path, name: str, value: int
) -> None:
    with pytest.raises(ValueError, match=name):
        make_desk(sqlite_durable, clock, key_folder, **{name: value})
