"""Back-channel login (CIBA core, poll and ping): the hall asks, the person's own page answers."""

from __future__ import annotations

import html
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from idp.oauth.clients.grant_types import CIBA
from idp.oauth.waiting.petition import OWN_MOST, PLACES
from idp.oauth.waiting.ping import TRIES_MOST
from store import SQL, Durable, Tx
from tests.conftest import ManualClock
from tests.idp.oauth.conftest import ISSUER, Browser, House, body, make_house
from tests.served import Served, serving
from web import Reply
from web.csrf import FIELD

T = TypeVar("T")
NUMBER = "350000199001010018"
"""Of the first person that a house makes."""
NOBODY = "350000201806010058"
_ROWS = SQL("SELECT key, value FROM expiring WHERE key LIKE 'auth_req_id:%'")
_SHAPES = SQL("SELECT length(key), length(value), ends FROM expiring WHERE key LIKE 'auth_req_id:%'")


@pytest.fixture
def endpoint() -> Iterator[Served]:
    with serving() as served:
        yield served


def counter(house: House, client_id: str = "counter", **changes: Any) -> None:
    known = {"redirect_uris": (), "grants": (CIBA, "refresh_token"), "ciba_delivery": "poll"}
    house.client(client_id, **known | changes)


def ask(house: House, client_id: str = "counter", /, **changes: str) -> Reply:
    form = {"scope": "openid", "login_hint": NUMBER, "binding_message": "W7 窗口 4821"} | changes
    form = {name: value for name, value in form.items() if value}
    return house.call("POST", "/backchannel-authentication", form=form, headers=house.basic(client_id))


def poll(house: House, auth_req_id: str, client_id: str = "counter", /, **more: str) -> Reply:
    return house.token(client_id, grant_type=CIBA, auth_req_id=auth_req_id, **more)


def listed(house: House, browser: Browser) -> list[str]:
    """What the person's page shows, a text for each request."""
    page = house.call("GET", "/account/requests", browser=browser)
    assert page.status == 200
    return page.body.decode().split('class="card waits"')[1:]


def shown(house: House, browser: Browser, place: int = 0) -> dict[str, str]:
    """The hidden fields of one request's form."""
    page = house.call("GET", "/account/requests", browser=browser).body.decode()
    form = page.split("<form")[1 + place]
    return {
        name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)[:2]
    }


def decide(
    house: House, browser: Browser, decision: str = "allow", form: dict[str, str] | None = None
) -> str:
    fields = (form or shown(house, browser)) | {"decision": decision}
    reply = house.call("POST", "/account/requests/decide", browser=browser, form=fields)
    assert reply.status == 303, reply.body
    return parse_qs(urlsplit(reply.header("Location") or "").query)["done"][0]


def error(reply: Reply) -> str:
    assert reply.status == 400, reply.body
    return str(body(reply)["error"])


def test_a_counter_asks_and_the_phone_agrees(either: House) -> None:
    house = either
    counter(house)
    browser, _ = house.login(house.person())
    asked = body(ask(house, scope="openid profile"))
    assert set(asked) == {"auth_req_id", "expires_in", "interval"}
    assert (asked["expires_in"], asked["interval"]) == (300, 5)
    assert re.fullmatch(r"[A-Za-z0-9._-]+", asked["auth_req_id"])  # CIBA § 7.3
    assert error(poll(house, asked["auth_req_id"])) == "authorization_pending"
    (text,) = listed(house, browser)
    assert all(each in text for each in ("大厅甲", "W7 窗口 4821", "127.0.0.1", "您的姓名或单位名称"))
    assert decide(house, browser) == "allow"
    assert listed(house, browser) == []
    got = body(poll(house, asked["auth_req_id"]))
    assert got["id_token"]
    assert house.userinfo(got["access_token"]).status == 200
    assert house.refresh(got["refresh_token"], "counter").status == 200
    assert error(poll(house, asked["auth_req_id"])) == "invalid_grant"
    assert house.count("family", "live = 1") == 0


def test_no_refresh_token_unless_registered(house: House) -> None:
    counter(house, grants=(CIBA,))
    browser, _ = house.login(house.person())
    asked = body(ask(house))
    decide(house, browser)
    assert "refresh_token" not in body(poll(house, asked["auth_req_id"]))


def test_fifty_polls_of_one_request(either: House) -> None:
    house = either
    counter(house)
    browser, _ = house.login(house.person())
    asked = body(ask(house))["auth_req_id"]
    decide(house, browser)
    with ThreadPoolExecutor(50) as pool:
        got = Counter(pool.map(lambda _: poll(house, asked).status, range(50)))
    assert got == {200: 1, 400: 49}
    assert house.count("spent", "kind = 'auth_req_id'") == 1


def test_fifty_decide_at_once(either: House) -> None:
    house = either
    counter(house)
    browser, _ = house.login(house.person())
    asked = body(ask(house))["auth_req_id"]
    form = shown(house, browser)
    with ThreadPoolExecutor(50) as pool:
        got = Counter(pool.map(lambda way: decide(house, browser, way, form), ["allow", "deny"] * 25))
    assert got["late"] == 49
    assert poll(house, asked).status == (200 if got["allow"] else 400)


# whom it means


@pytest.mark.parametrize("hint", ["35000019900101 0018", "３５００００１９９００１０１００１８"])
def test_every_spelling_of_a_number_is_one_person(house: House, hint: str) -> None:
    counter(house)
    browser, _ = house.login(house.person())
    assert ask(house, login_hint=hint).status == 200
    assert len(listed(house, browser)) == 1


def test_an_id_token_of_ours_names_its_person(house: House) -> None:
    counter(house)
    browser, _ = house.login(house.person())
    asked = body(ask(house))
    decide(house, browser)
    token = body(poll(house, asked["auth_req_id"]))["id_token"]
    house.clock.advance(900)
    again = body(ask(house, login_hint="", id_token_hint=token))
    assert len(listed(house, browser)) == 1
    decide(house, browser)
    assert poll(house, again["auth_req_id"]).status == 200
    counter(house, "other")
    assert error(ask(house, "other", login_hint="", id_token_hint=token)) == "invalid_request"
    assert error(ask(house, login_hint="", id_token_hint=token[:-2] + "AA")) == "invalid_request"


def test_an_organisation_is_asked_where_somebody_acts_for_it(house: House) -> None:
    counter(house)
    person = house.person(level=3)
    company = house.organisation(person)
    alone, _ = house.login(person)
    acting, _ = house.login(person, acting_for=company)
    assert ask(house, login_hint="91350000MADEM00030").status == 200
    assert listed(house, alone) == []
    assert len(listed(house, acting)) == 1
    assert ask(house).status == 200
    assert len(listed(house, alone)) == len(listed(house, acting)) == 1


def test_nobody_is_answered_like_somebody(either: House) -> None:
    """The same members, the same rows written, and a request that waits until it ends."""
    house = either
    counter(house)
    house.person()
    known, unknown = (body(ask(house, login_hint=hint)) for hint in (NUMBER, NOBODY))
    assert {name: value for name, value in known.items() if name != "auth_req_id"} == {
        name: value for name, value in unknown.items() if name != "auth_req_id"
    }
    assert len(known["auth_req_id"]) == len(unknown["auth_req_id"])
    shapes = house.durable.read(lambda tx: tx.rows(_SHAPES))
    assert len(shapes) == 2
    assert len(set(shapes)) == 1
    for seconds, code in ((0, "authorization_pending"), (299, "authorization_pending"), (1, "expired_token")):
        house.clock.advance(seconds)
        assert error(poll(house, unknown["auth_req_id"])) == code
    for _ in range(OWN_MOST + 1):
        assert ask(house, login_hint=NOBODY).status == 200
    assert ask(house, login_hint="nonsense").status == 200


@dataclass(slots=True)
class Counted:
    """A store that notes every statement, as the engine gave it."""

    under: Durable
    noted: list[str] = field(default_factory=list)

    @property
    def engine(self) -> Any:
        return self.under.engine

    def write(self, work: Callable[[Tx], T], /) -> T:
        return self.under.write(lambda tx: work(cast("Tx", Noting(tx, self.noted))))

    def read(self, work: Callable[[Tx], T], /) -> T:
        return self.under.read(lambda tx: work(cast("Tx", Noting(tx, self.noted))))

    def time(self) -> float:
        return self.under.time()

    def close(self) -> None:
        self.under.close()


@dataclass(slots=True)
class Noting:
    tx: Tx
    noted: list[str]

    def __getattr__(self, name: str) -> Any:
        def run(sql: SQL, /, **p: Any) -> Any:
            self.noted.append(f"{name} {sql}")
            return getattr(self.tx, name)(sql, **p)

        return run


def test_nobody_takes_the_steps_of_somebody(
    sqlite_durable: Durable, clock: ManualClock, tmp_path: Path
) -> None:
    """Statement for statement, so that the time tells nothing either."""
    store = Counted(sqlite_durable)
    house = make_house(store, clock, tmp_path)
    counter(house)
    house.person()
    steps = []
    for hint in (NUMBER, NOBODY) * 2:
        ask(house, login_hint=hint)
        store.noted.clear()
        assert ask(house, login_hint=hint).status == 200
        steps.append(list(store.noted))
    assert len(steps[0]) > PLACES
    assert steps == [steps[0]] * 4


def test_another_person_neither_sees_nor_decides(house: House) -> None:
    counter(house)
    person = house.person()
    mine, _ = house.login(person)
    other, _ = house.login(house.person(name="李四"))
    asked = body(ask(house))["auth_req_id"]
    assert listed(house, other) == []
    form = shown(house, mine)
    theirs = house.call("GET", "/device", browser=other).body.decode()
    form[FIELD] = theirs.partition(f'name="{FIELD}" value="')[2].partition('"')[0]
    assert decide(house, other, form=form) == "late"
    second, _ = house.login(person)
    page = house.call("GET", "/account/requests", browser=second).body.decode()
    form[FIELD] = page.partition(f'name="{FIELD}" value="')[2].partition('"')[0]
    assert decide(house, second, form=form) == "late"  # what one session was shown
    assert error(poll(house, asked)) == "authorization_pending"


def test_a_level_or_strength_that_is_asked_for_is_reached_by_this_session(house: House) -> None:
    counter(house)
    person = house.person()
    weak, _ = house.login(person)
    asked = body(ask(house, acr_values="urn:manyou:acr:r2-a2 urn:else"))["auth_req_id"]
    (text,) = listed(house, weak)
    assert 'value="allow"' not in text
    fields = shown(house, weak) | {"decision": "allow"}
    assert house.call("POST", "/account/requests/decide", browser=weak, form=fields).status == 403
    strong, _ = house.login(person, factors={"pwd": house.clock.now, "otp": house.clock.now})
    assert decide(house, strong) == "allow"
    assert poll(house, asked).status == 200
    ask(house, acr_values="urn:else")  # voluntary: nothing of ours is named
    assert 'value="allow"' in listed(house, weak)[0]


def test_the_page_takes_a_deliberate_act_of_its_own_browser(house: House) -> None:
    counter(house)
    browser, _ = house.login(house.person())
    asked = body(ask(house))["auth_req_id"]
    form = shown(house, browser)
    bare = {"asked": form["asked"], "decision": "allow"}
    assert house.call("POST", "/account/requests/decide", browser=browser, form=bare).status == 403
    assert house.call("POST", "/account/requests/decide", form=form | bare).status in {303, 403}
    assert house.call("POST", "/account/requests/decide", browser=browser, form=form).status == 400
    assert error(poll(house, asked)) == "authorization_pending"


def test_the_person_refuses(house: House) -> None:
    counter(house)
    browser, _ = house.login(house.person())
    asked = body(ask(house))["auth_req_id"]
    form = shown(house, browser)
    assert decide(house, browser, "deny", form) == "deny"
    assert decide(house, browser, "allow", form) == "late"
    assert error(poll(house, asked)) == "access_denied"
    assert house.count("consent") == 0


# what is asked


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"login_hint": ""}, "invalid_request"),
        ({"id_token_hint": "x"}, "invalid_request"),
        ({"login_hint": "", "login_hint_token": "x"}, "invalid_request"),
        ({"login_hint": "", "id_token_hint": "x"}, "invalid_request"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"scope": "openid check"}, "invalid_scope"),
        ({"requested_expiry": "0"}, "invalid_request"),
        ({"requested_expiry": "-1"}, "invalid_request"),
        ({"requested_expiry": "1.5"}, "invalid_request"),
        ({"requested_expiry": "soon"}, "invalid_request"),
        ({"requested_expiry": "１"}, "invalid_request"),
        ({"resource": "https://else.example/"}, "invalid_target"),
        ({"authorization_details": "[{}]"}, "invalid_authorization_details"),
    ],
)
def test_what_may_not_be_asked(house: House, changes: dict[str, str], code: str) -> None:
    counter(house)
    assert error(ask(house, **changes)) == code
    assert house.count("expiring") == 0


@pytest.mark.parametrize(("asked", "got"), [("30", 30), ("600", 600), ("601", 600), ("999999", 600)])
def test_expiry_within_our_bound(house: House, asked: str, got: int) -> None:
    counter(house)
    begun = body(ask(house, requested_expiry=asked))
    assert begun["expires_in"] == got
    house.clock.advance(got)
    assert error(poll(house, begun["auth_req_id"])) == "expired_token"


@pytest.mark.parametrize("text", ["1234", "窗口 7 · 4821", "W-7/4821 👍", "Größe: 5", "x" * 64])
def test_plain_messages(house: House, text: str) -> None:
    counter(house)
    browser, _ = house.login(house.person())
    assert ask(house, binding_message=text).status == 200
    assert html.escape(text) in listed(house, browser)[0]


@pytest.mark.parametrize(
    "text",
    [
        "x" * 65,
        "two\nlines",
        "tab\there",
        "\u202e4821",  # turns what follows around
        "a\u200bb",
        "e" + "\u0301" * 5,
        "\ue000",
        "\u2028",
        "   ",
    ],
)
def test_messages_that_could_be_misread(house: House, text: str) -> None:
    counter(house)
    assert error(ask(house, binding_message=text)) == "invalid_binding_message"


def test_who_may_ask(house: House) -> None:
    house.client("hall-a")
    assert error(ask(house, "hall-a")) == "unauthorized_client"
    house.client("app", auth_method="none")
    form = {"client_id": "app", "scope": "openid", "login_hint": NUMBER}
    assert house.call("POST", "/backchannel-authentication", form=form).status == 401
    counter(house)
    counter(house, "other")
    asked = body(ask(house))["auth_req_id"]
    assert error(poll(house, asked, "other")) == "invalid_grant"
    assert error(poll(house, "x")) == "invalid_grant"
    assert error(house.token("counter", grant_type=CIBA)) == "invalid_request"


def test_slow_down(house: House) -> None:
    counter(house)
    asked = body(ask(house))["auth_req_id"]
    got = []
    for seconds in (0, 1, 4, 5):
        house.clock.advance(seconds)
        got.append(error(poll(house, asked)))
    assert got == ["authorization_pending", "slow_down", "authorization_pending", "authorization_pending"]


# how much waits


def test_a_hall_that_asks_on_pushes_only_its_own_away(house: House) -> None:
    counter(house)
    counter(house, "other", name_zh="大厅乙")
    browser, _ = house.login(house.person())
    theirs = body(ask(house, "other"))["auth_req_id"]
    mine = []
    for number in range(PLACES + 2):
        house.clock.advance(1)
        time.sleep(0.002)  # requests are told apart to the real millisecond
        mine.append(body(ask(house, binding_message=f"No. {number}"))["auth_req_id"])
    texts = listed(house, browser)
    assert len(texts) == 1 + OWN_MOST
    assert "大厅乙" in texts[0]
    assert [f"No. {PLACES + 2 - back}" in texts[-back] for back in (3, 2, 1)] == [True] * 3
    assert error(poll(house, theirs, "other")) == "authorization_pending"
    assert error(poll(house, mine[0])) == "expired_token"
    assert error(poll(house, mine[-1])) == "authorization_pending"


def test_many_halls_fill_a_persons_places_and_are_told(house: House) -> None:
    for number in range(5):
        counter(house, f"hall-{number}")
    for number in range(4):
        for _ in range(OWN_MOST):
            assert ask(house, f"hall-{number}").status == 200
    full = ask(house, "hall-4")
    assert (full.status, body(full)["error"]) == (429, "temporarily_unavailable")
    house.clock.advance(300)
    assert ask(house, "hall-4").status == 200


def test_what_was_decided_stands_in_nobodys_way(house: House) -> None:
    counter(house)
    browser, _ = house.login(house.person())
    for _ in range(PLACES + 2):
        asked = body(ask(house))["auth_req_id"]
        assert decide(house, browser) == "allow"
        assert poll(house, asked).status == 200


def test_an_emptied_store_costs_a_retry(house: House) -> None:
    counter(house)
    browser, _ = house.login(house.person())
    asked = body(ask(house))["auth_req_id"]
    form = shown(house, browser)
    house.run("DELETE FROM expiring")
    assert decide(house, browser, form=form) == "late"
    assert error(poll(house, asked)) == "expired_token"


def test_the_store_shows_no_number_and_no_message(house: House) -> None:
    counter(house)
    house.person()
    ask(house, binding_message="W7-4821")
    text = repr(house.durable.read(lambda tx: tx.rows(_ROWS)))
    assert "W7-4821" not in text
    assert NUMBER not in text


# ping


def pinged(house: House, endpoint: Served, count: int) -> None:
    """Run the job until the endpoint was asked so often and the outbox is as it shall be."""
    for _ in range(300):
        house.oauth.pings.deliver(house.clock.now)
        if len(endpoint.asked) >= count and not house.oauth.pings._working:
            return
        time.sleep(0.01)
    raise AssertionError(f"asked {len(endpoint.asked)} times, not {count}")


def pinging(house: House, endpoint: Served, status: int = 204, **headers: str) -> tuple[str, Browser]:
    url = endpoint.put("/notice", b"" if status == 204 else b"{}", status, **headers)
    counter(house, ciba_delivery="ping", ciba_notification_endpoint=url)
    browser, _ = house.login(house.person())
    return body(ask(house, client_notification_token="t" * 32))["auth_req_id"], browser


@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_a_client_is_told_once_of_either_decision(house: House, endpoint: Served, decision: str) -> None:
    asked, browser = pinging(house, endpoint)
    house.oauth.pings.deliver(house.clock.now)
    assert house.count("ping_outbox") == 0
    decide(house, browser, decision)
    assert house.count("ping_outbox") == 1
    pinged(house, endpoint, 1)
    ((method, path, headers, sent),) = endpoint.asked
    assert (method, path, headers["authorization"]) == ("POST", "/notice", "Bearer " + "t" * 32)
    assert headers["content-type"] == "application/json"
    assert msgspec.json.decode(sent) == {"auth_req_id": asked}
    assert house.count("ping_outbox") == 0
    assert poll(house, asked).status == (200 if decision == "allow" else 400)


@pytest.mark.parametrize(
    ("status", "headers"), [(200, {}), (401, {}), (403, {}), (500, {}), (302, {"Location": "/elsewhere"})]
)
def test_any_answer_ends_it_and_no_redirect_is_followed(
    house: House, endpoint: Served, status: int, headers: dict[str, str]
) -> None:
    asked, browser = pinging(house, endpoint, status, **headers)
    decide(house, browser)
    pinged(house, endpoint, 1)
    for _ in range(3):
        house.clock.advance(60)
        house.oauth.pings.deliver(house.clock.now)
    assert [each[1] for each in endpoint.asked] == ["/notice"]
    assert house.count("ping_outbox") == 0
    assert poll(house, asked).status == 200


def test_where_no_answer_comes_it_is_told_again_and_not_for_ever(house: House, endpoint: Served) -> None:
    asked, browser = pinging(house, endpoint)
    endpoint.put_raw("/notice", lambda connection: connection.close())
    decide(house, browser)
    for tries in range(1, TRIES_MOST + 1):
        pinged(house, endpoint, tries)
        house.clock.advance(60)
    assert house.count("ping_outbox") == 0
    assert poll(house, asked).status == 200


def test_after_its_end_nothing_is_told(house: House, endpoint: Served) -> None:
    _, browser = pinging(house, endpoint)
    decide(house, browser)
    house.clock.advance(300)
    house.oauth.pings.deliver(house.clock.now)
    for _ in range(300):
        if house.count("ping_outbox") == 0:
            break
        time.sleep(0.01)
    assert (house.count("ping_outbox"), endpoint.asked) == (0, [])


def test_two_workers_tell_once(either: House, endpoint: Served) -> None:
    house = either
    _, browser = pinging(house, endpoint)
    decide(house, browser)
    other = type(house.oauth.pings)(house.engine)
    for each in (house.oauth.pings, other) * 5:
        each.deliver(house.clock.now)
    pinged(house, endpoint, 1)
    other.close()
    assert len(endpoint.asked) == 1


@pytest.mark.parametrize("token", ["", "with space", "x" * 1025, "ü"])
def test_a_ping_client_sends_a_token_to_be_told_with(house: House, endpoint: Served, token: str) -> None:
    pinging(house, endpoint)
    assert error(ask(house, client_notification_token=token)) == "invalid_request"


def test_the_outbox_shows_no_token(house: House, endpoint: Served) -> None:
    asked, browser = pinging(house, endpoint)
    decide(house, browser)
    rows = repr(house.durable.read(lambda tx: tx.rows(SQL("SELECT * FROM ping_outbox"))))
    assert asked not in rows
    assert "tttt" not in rows


def test_discovery_names_it(house: House) -> None:
    found = body(house.call("GET", "/.well-known/openid-configuration"))
    assert found["backchannel_authentication_endpoint"] == f"{ISSUER}/backchannel-authentication"
    assert found["backchannel_token_delivery_modes_supported"] == ["poll", "ping"]
    assert found["backchannel_user_code_parameter_supported"] is False
    assert CIBA in found["grant_types_supported"]
