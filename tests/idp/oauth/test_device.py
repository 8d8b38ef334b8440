"""The device grant (RFC 8628): codes, the person's page, polling, and every way it may go wrong."""

from __future__ import annotations

import html
import itertools
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from idp.oauth.clients.grant_types import DEVICE_CODE
from idp.oauth.waiting import user_code
from store import SQL
from tests.idp.oauth.conftest import ISSUER, Browser, House, body
from web import Reply
from web.csrf import FIELD

CODE = re.compile("[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}")
GRANTS = (DEVICE_CODE, "refresh_token")
_VALUE = SQL("SELECT value FROM expiring WHERE key LIKE 'device_code:%'")
_ROWS = SQL("SELECT key, value FROM expiring WHERE key LIKE 'device_code:%'")


def terminal(house: House, client_id: str = "terminal", **changes: Any) -> None:
    house.client(client_id, **{"auth_method": "none", "redirect_uris": (), "grants": GRANTS} | changes)


def begin(house: House, client_id: str = "terminal", /, **form: str) -> Reply:
    headers = house.proof_of(client_id)
    return house.call(
        "POST",
        "/device_authorization",
        form={"client_id": client_id, "scope": "openid"} | form,
        headers=headers,
    )


def poll(house: House, device_code: str, client_id: str = "terminal", /, **more: str) -> Reply:
    return house.token(client_id, grant_type=DEVICE_CODE, device_code=device_code, **more)


def hidden(page: Reply, name: str) -> str:
    found = re.search(f'name="{name}" value="([^"]*)"', page.body.decode())
    return html.unescape(found[1]) if found else ""


def look(house: House, browser: Browser, code: str) -> Reply:
    token = hidden(house.call("GET", "/device", browser=browser), FIELD)
    return house.call("POST", "/device", browser=browser, form={FIELD: token, "user_code": code})


def decide(house: House, browser: Browser, page: Reply, decision: str = "allow") -> str:
    form = {FIELD: hidden(page, FIELD), "asked": hidden(page, "asked"), "decision": decision}
    reply = house.call("POST", "/device/decide", browser=browser, form=form)
    assert reply.status == 303, reply.body
    return parse_qs(urlsplit(reply.header("Location") or "").query)["done"][0]


def error(reply: Reply) -> str:
    assert reply.status == 400, reply.body
    return str(body(reply)["error"])


def test_a_device_gets_in(either: House) -> None:
    house = either
    terminal(house)
    begun = body(begin(house, scope="openid profile"))
    assert CODE.fullmatch(begun["user_code"])
    assert begun["verification_uri"] == f"{ISSUER}/device"
    assert begun["verification_uri_complete"] == f"{ISSUER}/device?user_code={begun['user_code']}"
    assert (begun["expires_in"], begun["interval"]) == (600, 5)
    assert error(poll(house, begun["device_code"])) == "authorization_pending"
    browser, _ = house.login(house.person())
    page = look(house, browser, begun["user_code"].lower().replace("-", " "))
    text = page.body.decode()
    assert all(each in text for each in ("大厅甲", "Hall A", "127.0.0.1", "您的姓名或单位名称"))
    assert decide(house, browser, page) == "allow"
    got = body(poll(house, begun["device_code"]))
    assert got["scope"] == "openid profile"
    assert got["id_token"]
    assert house.userinfo(got["access_token"]).status == 200
    assert house.refresh(got["refresh_token"], "terminal").status == 200
    assert house.count("consent", "standing = 1") == house.count("family", "live = 1") == 1


def test_used_again_it_undoes_what_it_gave(house: House) -> None:
    terminal(house)
    begun = body(begin(house))
    browser, _ = house.login(house.person())
    decide(house, browser, look(house, browser, begun["user_code"]))
    got = body(poll(house, begun["device_code"]))
    assert error(poll(house, begun["device_code"])) == "invalid_grant"
    house.feed.poll()
    assert house.userinfo(got["access_token"]).status == 401
    assert house.count("family", "live = 1") == 0


def test_fifty_polls_of_one_code(either: House) -> None:
    house = either
    terminal(house)
    begun = body(begin(house))
    browser, _ = house.login(house.person())
    decide(house, browser, look(house, browser, begun["user_code"]))
    with ThreadPoolExecutor(50) as pool:
        got = Counter(pool.map(lambda _: poll(house, begun["device_code"]).status, range(50)))
    assert got == {200: 1, 400: 49}
    assert house.count("spent", "kind = 'device_code'") == 1
    assert house.events("family_made") == 1


def test_fifty_decide_at_once(either: House) -> None:
    """Half agree, half refuse: one counts, the others are told that they came too late."""
    house = either
    terminal(house)
    begun = body(begin(house))
    browser, _ = house.login(house.person())
    page = look(house, browser, begun["user_code"])
    ways = ["allow", "deny"] * 25
    with ThreadPoolExecutor(50) as pool:
        got = Counter(pool.map(lambda way: decide(house, browser, page, way), ways))
    assert got["late"] == 49
    assert poll(house, begun["device_code"]).status == (200 if got["allow"] else 400)


def test_two_people_agree_to_one_code(house: House) -> None:
    """Even if the store forgets the first decision, one device code gives tokens once."""
    terminal(house)
    begun = body(begin(house))
    first, _ = house.login(house.person())
    second, _ = house.login(house.person(name="李四"))
    pages = [look(house, each, begun["user_code"]) for each in (first, second)]
    kept = house.durable.read(lambda tx: tx.row(_VALUE))
    assert decide(house, first, pages[0]) == "allow"
    assert decide(house, second, pages[1]) == "late"
    assert poll(house, begun["device_code"]).status == 200
    assert kept is not None
    house.run("UPDATE expiring SET value = :value WHERE key LIKE 'device_code:%'", value=kept[0])
    assert decide(house, second, pages[1]) == "allow"
    assert error(poll(house, begun["device_code"])) == "invalid_grant"


def test_the_person_refuses(house: House) -> None:
    terminal(house)
    begun = body(begin(house))
    browser, _ = house.login(house.person())
    assert decide(house, browser, look(house, browser, begun["user_code"]), "deny") == "deny"
    assert error(poll(house, begun["device_code"])) == "access_denied"
    assert look(house, browser, begun["user_code"]).status == 403
    assert house.count("consent") == house.count("spent") == 0


def test_slow_down_and_the_interval(house: House) -> None:
    terminal(house)
    begun = body(begin(house))
    got = []
    for seconds in (0, 1, 4, 5, 5, 3):
        house.clock.advance(seconds)
        got.append(error(poll(house, begun["device_code"])))
    pending, slow = "authorization_pending", "slow_down"
    assert got == [pending, slow, pending, pending, pending, slow]


@pytest.mark.parametrize(("after", "code"), [(599, "authorization_pending"), (600, "expired_token")])
def test_it_ends(house: House, after: int, code: str) -> None:
    terminal(house)
    begun = body(begin(house))
    house.clock.advance(after)
    assert error(poll(house, begun["device_code"])) == code
    house.clock.advance(1)
    assert error(poll(house, begun["device_code"])) == "expired_token"


def test_an_emptied_store_costs_a_retry(house: House) -> None:
    terminal(house)
    begun = body(begin(house))
    browser, _ = house.login(house.person())
    page = look(house, browser, begun["user_code"])
    house.run("DELETE FROM expiring")
    assert decide(house, browser, page) == "late"
    assert error(poll(house, begun["device_code"])) == "expired_token"


def test_what_somebody_puts_into_the_store_opens_nothing(house: House) -> None:
    terminal(house)
    one, other = body(begin(house)), body(begin(house))
    browser, _ = house.login(house.person())
    decide(house, browser, look(house, browser, one["user_code"]))
    rows = house.durable.read(lambda tx: tx.rows(_ROWS))
    agreed = max((value for _, value in rows), key=len)
    for key, _ in rows:  # the decision of one under the place of the other
        house.run("UPDATE expiring SET value = :value WHERE key = :key", key=key, value=agreed)
    assert error(poll(house, other["device_code"])) == "expired_token"
    assert poll(house, one["device_code"]).status == 200


def test_the_store_shows_neither_code_nor_client(house: House) -> None:
    terminal(house)
    begun = body(begin(house))
    shown = repr(house.durable.read(lambda tx: tx.rows(_ROWS)))
    for secret in (begun["user_code"], begun["user_code"].replace("-", ""), "openid"):
        assert secret not in shown


def test_another_client_another_kind(house: House) -> None:
    terminal(house)
    terminal(house, "other")
    begun = body(begin(house))
    assert error(poll(house, begun["device_code"], "other")) == "invalid_grant"
    assert error(poll(house, "x")) == "invalid_grant"
    assert error(house.token("terminal", grant_type=DEVICE_CODE)) == "invalid_request"
    assert error(poll(house, begun["user_code"])) == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "check"}, "invalid_scope"),
        ({"resource": "https://else.example/"}, "invalid_target"),
        ({"authorization_details": '[{"type":"count"}]'}, "invalid_authorization_details"),
    ],
)
def test_what_may_not_be_asked(house: House, changes: dict[str, str], code: str) -> None:
    terminal(house)
    assert error(begin(house, **changes)) == code
    assert house.count("expiring") == 0


def test_who_may_not_ask(house: House) -> None:
    house.client("hall-a")
    assert error(begin(house, "hall-a")) == "unauthorized_client"
    terminal(house, "box", auth_method="client_secret_basic")
    assert begin(house, "box").status == 200
    assert house.call("POST", "/device_authorization", form={"client_id": "box"}).status == 401
    assert begin(house, "nobody").status == 401


def test_details_and_resource_are_narrowed_as_with_a_code(house: House) -> None:
    terminal(house)
    details = '[{"type":"count","most":5}]'
    begun = body(begin(house, authorization_details=details, resource="https://api.example/"))
    browser, _ = house.login(house.person())
    page = look(house, browser, begun["user_code"])
    assert "至多 5 个" in page.body.decode()
    decide(house, browser, page)
    wider = poll(house, begun["device_code"], authorization_details='[{"type":"count","most":6}]')
    assert error(wider) == "invalid_authorization_details"
    got = body(poll(house, begun["device_code"], authorization_details='[{"type":"count","most":2}]'))
    assert got["authorization_details"] == [{"type": "count", "most": 2}]


# the person's page


def test_a_scanned_address_fills_in_and_decides_nothing(house: House) -> None:
    terminal(house)
    begun = body(begin(house))
    address = begun["verification_uri_complete"].removeprefix(ISSUER)
    refused = house.call("GET", address)
    assert refused.header("Location") == f"/login?return_to=/device%3Fuser_code%3D{begun['user_code']}"
    browser, _ = house.login(house.person())
    page = house.call("GET", address, browser=browser)
    assert f'value="{begun["user_code"]}"' in page.body.decode()
    assert "大厅甲" not in page.body.decode()
    assert error(poll(house, begun["device_code"])) == "authorization_pending"
    odd = house.call("GET", "/device?user_code=%22%3E%3Cscript%3E", browser=browser)
    assert b"script" not in odd.body


def test_what_one_session_saw_another_cannot_agree_to(house: House) -> None:
    terminal(house)
    begun = body(begin(house))
    browser, _ = house.login(house.person())
    page = look(house, browser, begun["user_code"])
    other, _ = house.login(house.person(name="李四"))
    form = {"asked": hidden(page, "asked"), "decision": "allow"}
    token = hidden(house.call("GET", "/device", browser=other), FIELD)
    reply = house.call("POST", "/device/decide", browser=other, form={FIELD: token, **form})
    assert reply.header("Location") == "/device?done=late"
    assert house.call("POST", "/device/decide", browser=browser, form=form).status == 403  # no form token
    assert house.call("POST", "/device/decide", form=form).status == 403
    assert error(poll(house, begun["device_code"])) == "authorization_pending"


def test_the_clients_policy_binds_the_session_that_agrees(house: House) -> None:
    terminal(house, least_strength=2)
    begun = body(begin(house))
    browser, _ = house.login(house.person())
    page = look(house, browser, begun["user_code"])
    assert b'value="allow"' not in page.body
    form = {FIELD: hidden(page, FIELD), "asked": hidden(page, "asked"), "decision": "allow"}
    assert house.call("POST", "/device/decide", browser=browser, form=form).status == 403
    assert error(poll(house, begun["device_code"])) == "authorization_pending"


def test_tokens_end_with_the_session_that_agreed(house: House) -> None:
    terminal(house)
    waiting, redeemed = body(begin(house)), body(begin(house))
    browser, _ = house.login(house.person())
    for each in (waiting, redeemed):
        decide(house, browser, look(house, browser, each["user_code"]))
    got = body(poll(house, redeemed["device_code"]))
    house.run("UPDATE session SET ended = 1")
    house.clock.advance(3)
    assert error(poll(house, waiting["device_code"])) == "invalid_grant"
    assert house.userinfo(got["access_token"]).status == 401
    assert house.refresh(got["refresh_token"], "terminal").status == 400


def test_guesses_are_budgeted() -> None:
    space = len(user_code.ALPHABET) ** user_code.LETTERS
    assert len(set(user_code.ALPHABET)) == 20
    assert user_code.LIVING_MOST * user_code.TRIES_A_DAY / space <= 1e-6


def test_tries_are_counted_durably_and_come_back_tomorrow(either: House) -> None:
    house = either
    terminal(house)
    begun = body(begin(house))
    browser, _ = house.login(house.person())
    for place in range(user_code.TRIES_A_DAY):
        assert look(house, browser, f"BCDF-GHJ{user_code.ALPHABET[place]}").status == 403
    house.run("DELETE FROM expiring WHERE key LIKE 'user-codes%'")
    refused = look(house, browser, begun["user_code"])
    assert refused.status == 429
    assert 0 < int(refused.header("Retry-After") or "0") <= 86_400
    other, _ = house.login(house.person(name="李四"))
    assert look(house, other, begun["user_code"]).status == 200
    house.clock.advance(86_400)
    later = body(begin(house))
    browser, _ = house.login(house.person(name="王五"), browser=browser)
    assert look(house, browser, later["user_code"]).status == 200


def test_a_flood_of_codes_closes_its_own_door(house: House) -> None:
    terminal(house)
    terminal(house, "other")
    for _ in range(user_code.A_WINDOW_OF_ONE):
        assert begin(house).status == 200
    full = begin(house)
    assert (full.status, body(full)["error"]) == (429, "temporarily_unavailable")
    assert begin(house, "other").status == 200
    house.clock.advance(600)
    assert begin(house).status == 200


@pytest.mark.parametrize("typed", ["bcdfghjk", "ＢＣＤＦ－ＧＨＪＫ", " b c d f g h j k ", "BCDF–GHJK"])
def test_every_spelling_is_one_code(house: House, typed: str) -> None:
    assert user_code.place_of(house.engine, typed) == user_code.place_of(house.engine, "BCDF-GHJK")


@pytest.mark.parametrize(
    "typed", ["", "BCDF-GHJ", "BCDF-GHJKL", "ACDF-GHJK", "BCDF-GHJ1", "好" * 8, "B" * 900]
)
def test_what_is_no_code(house: House, typed: str) -> None:
    assert user_code.place_of(house.engine, typed) is None


def test_letters_are_equally_likely() -> None:
    counter = itertools.count()
    letters = Counter(
        "".join(user_code.new(lambda n: bytes(next(counter) % 256 for _ in range(n))) for _ in range(3_000))
    )
    assert set(letters) == set(user_code.ALPHABET)
    assert max(letters.values()) / min(letters.values()) < 1.5
