"""A link that somebody is led to costs nobody the login, however long it is."""

from __future__ import annotations

import pytest

from tests.portal.test_portal import Stage, stage

__all__ = ["stage"]

LONG = ("/" + "a" * 2_600, "/" + "漫" * 600, "/" + "a" * 60_000)


@pytest.mark.parametrize("back", LONG)
def test_a_long_address_is_forgotten_and_the_next_login_goes_on(stage: Stage, back: str) -> None:
    away = stage.get("/login", query_string={"back": back})
    assert away.status_code == 303
    assert stage.get("/login", query_string={"back": back}).status_code == 303
    answer = stage.get("/callback", query_string=stage.provider.agree(stage.get("/login").location))
    assert (answer.status_code, answer.location) == (303, "/file")


def test_two_tabs_with_the_longest_addresses_log_in(stage: Stage) -> None:
    back = "/trace?before=" + "0" * 480
    away = [stage.get("/login", query_string={"back": back}).location for _ in range(2)]
    assert stage.get("/callback", query_string=stage.provider.agree(away[1])).location == back
