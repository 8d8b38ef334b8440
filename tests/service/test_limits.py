"""Traffic limits as the house has them: behind a proxy, at the portal, for one licence; and what is swept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from service.demo.folder import Demo
from service.house import House
from service.settings import SETTINGS_FILE, load_settings
from store import SQL, Tx
from tests.service.conftest import HIDDEN, Somebody
from web.limits import WAITING, LimitSettings, by_address

PROXY = "10.0.0.2"
MOST = 4
TOO_OFTEN = "请求过于频繁"  # an account's own delays say otherwise


@pytest.fixture(scope="module")
def house(demo: Demo) -> Iterator[House]:
    """The house on the demo's folder, with small limits and a proxy that is trusted."""
    limits = {f"MANYOU_LIMITS__{name}": str(MOST) for name in ("LOGINS", "ACTIVATIONS", "CHECKS", "LOOKS")}
    settings = {
        SETTINGS_FILE: str(demo.settings_file),
        "MANYOU_SERVER__TRUSTED_PROXIES": PROXY,
        "MANYOU_LIMITS__WINDOW_SECONDS": "3600",
        **limits,
    }
    found = House.open(load_settings(settings))
    found.start()
    yield found
    found.close()


def passing(peer: str, client: str) -> dict[str, Any]:
    """As a request comes from `peer`, which says that it handed on `client`'s."""
    return {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": client}


def login(house: House, issuer: str, environ: dict[str, Any]) -> TestResponse:
    browser = Client(house.application)
    page = browser.get("/login", base_url=issuer)
    hidden = HIDDEN.search(page.text)
    assert hidden
    form = {"csrf": hidden[1], "identifier": "350000198001019998", "password": "wrong one"}
    return browser.post(
        "/login", base_url=issuer, data=form, headers={"Origin": issuer}, environ_overrides=environ
    )


def test_logins_are_counted_for_the_address_that_a_trusted_proxy_saw(house: House, demo: Demo) -> None:
    issuer = demo.facts()["issuer"]
    first = passing(PROXY, "203.0.113.1")
    assert [login(house, issuer, first).status_code for _ in range(MOST)] == [403] * MOST
    refused = login(house, issuer, first)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert TOO_OFTEN in refused.text
    # the last hop counts, the one that the proxy saw itself; who is no proxy is not believed
    assert TOO_OFTEN in login(house, issuer, passing(PROXY, "203.0.113.9, 203.0.113.1")).text
    assert TOO_OFTEN not in login(house, issuer, passing(PROXY, "203.0.113.2")).text
    assert TOO_OFTEN not in login(house, issuer, passing("203.0.113.7", "203.0.113.1")).text


def test_every_limited_route_is_there(house: House) -> None:
    routes = {(each.method, each.path) for site, _ in house.sites for each in site.endpoints}
    assert routes >= WAITING
    assert routes >= set(by_address(LimitSettings()))


def test_one_household_of_ipv6_has_one_share(house: House, demo: Demo) -> None:
    issuer = demo.facts()["issuer"]
    for place in range(MOST):
        login(house, issuer, passing(PROXY, f"2001:db8:7:7::{place + 1:x}"))
    assert TOO_OFTEN in login(house, issuer, passing(PROXY, "2001:db8:7:7:ffff::1")).text
    assert TOO_OFTEN not in login(house, issuer, passing(PROXY, "2001:db8:7:8::1")).text


def test_strangers_look_at_a_licence_so_often_and_an_inspector_as_often_as_needed(
    house: House, demo: Demo, somebody: Somebody
) -> None:
    facts = demo.facts()
    token = somebody.tokens("portal", "openid file")["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    http = Client(house.application)
    mine = http.get("/elicence/v1/file", base_url=facts["issuer"], headers=bearer).get_json()["licences"][0]
    code = http.post(
        "/elicence/v1/codes",
        base_url=facts["issuer"],
        headers=bearer,
        json={"licence_id": mine["licence_id"]},
    ).get_json()["digits"]

    def check(address: str, headers: dict[str, str]) -> TestResponse:
        return http.post(
            "/elicence/v1/codes/check",
            base_url=facts["issuer"],
            json={"code": code},
            headers=headers,
            environ_overrides={"REMOTE_ADDR": address},
        )

    statuses = [check(f"203.0.113.{place}", {}).status_code for place in range(MOST + 2)]
    assert statuses == [200] * MOST + [429] * 2
    form = {"grant_type": "client_credentials", "scope": "check", "resource": facts["elicence"]["resource"]}
    answer = http.post(
        "/token", base_url=facts["issuer"], data=form, headers=somebody.basic("market-inspection")
    )
    inspector = {"Authorization": f"Bearer {answer.get_json()['access_token']}"}
    assert [check("203.0.113.1", inspector).status_code for _ in range(MOST + 2)] == [200] * (MOST + 2)


def test_the_portals_page_counts_the_browser_and_not_itself(house: House, demo: Demo) -> None:
    portal = demo.facts()["portal"]
    browser = Client(house.application)

    def verify(address: str) -> int:
        hidden = HIDDEN.search(browser.get("/verify", base_url=portal).text)
        assert hidden
        return browser.post(
            "/verify",
            base_url=portal,
            data={"csrf": hidden[1], "code": "1" * 60},
            headers={"Origin": portal},
            environ_overrides={"REMOTE_ADDR": address},
        ).status_code

    assert [verify("203.0.113.50") for _ in range(MOST + 1)] == [200] * MOST + [429]
    assert verify("203.0.113.51") == 200


def test_one_sweep_deletes_more_than_strangers_make_in_its_time(house: House) -> None:
    insert = SQL("""
        INSERT INTO attempts (owner, factor, place, in_a_row, open_at, day, today, ends)
        VALUES (:owner, 'pwd', :place, 1, 0, 0, 1, 1)""")
    rows = [{"owner": number.to_bytes(16, "big"), "place": b"stranger"} for number in range(3000)]
    house.durable.write(lambda tx: tx.load(insert, rows))
    next(run for name, _, run in house.provider.jobs if name == "idp.sweep")(1_800_000_000)

    def left(tx: Tx) -> int:
        row = tx.row(SQL("SELECT COUNT(*) FROM attempts WHERE ends = 1"))
        return int(row[0]) if row else 0

    assert house.durable.read(left) == 0
