"""The scaled service from outside: the story, and what happens when its parts fail. Longer: `make soak`."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote_plus, urlsplit

import jwt
import pytest
import requests

from bench.endurance import Load, replace, rotate
from tests.flows.province import LIN, SNACKS, food_permit
from tests.flows.scaled import Scaled, scaled
from tests.service.server import gone, until

RECOVERY_SECONDS = 5
RACERS = 50


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scaled]:
    with scaled(tmp_path_factory.mktemp("scaled")) as found:
        yield found


@pytest.fixture
def http(place: Scaled) -> Iterator[requests.Session]:
    with place.http() as found:
        yield found


def test_the_story(place: Scaled, http: requests.Session) -> None:
    def token(client_id: str, **form: str) -> dict[str, str]:
        resource = place.facts["elicence"]["resource"]
        answer = place.post(
            http, "/token", client_id, grant_type="client_credentials", resource=resource, **form
        )
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    api = place.facts["elicence"]["api"]
    authority = token("market-supervision", scope="issue")
    issued = http.post(
        f"{api}/licences",
        json=food_permit("JY23500000000099", SNACKS, "林漫小吃店"),
        headers={**authority, "Idempotency-Key": "scaled-story"},
        timeout=10,
    )
    assert issued.status_code == 201, issued.text
    browser = place.logged_in(LIN, "portal")
    browser._stop = None  # on to the portal's own pages
    browser.get(f"{place.portal}/login")
    assert urlsplit(browser.url).netloc == urlsplit(place.portal).netloc
    assert all(cookie.secure for cookie in browser.session.cookies)
    tokens = place.exchange(http, place.code(place.logged_in(LIN))).json()
    assert jwt.decode(tokens["id_token"], options={"verify_signature": False})["iss"] == place.issuer
    revoked = http.post(
        f"{api}/licences/{issued.json()['identifier']}/transitions",
        json={"operation": "revoke", "reason": "抽检不合格"},
        headers=authority,
        timeout=10,
    )
    assert revoked.status_code == 200, revoked.text
    browser.session.close()


def test_a_name_that_is_not_ours_gets_no_certificate(place: Scaled) -> None:
    context = ssl.create_default_context(cafile=place.facts["ca_file"])
    context.check_hostname = False
    for name, served in (("localhost", True), ("other.example", False)):
        with socket.create_connection(("127.0.0.1", place.strict), timeout=5) as plain:
            try:
                context.wrap_socket(plain, server_hostname=name).close()
                assert served
            except ssl.SSLError:
                assert not served


def test_of_racing_exchanges_one_wins_whichever_worker_and_a_replay_ends_what_it_gave(
    place: Scaled, http: requests.Session
) -> None:
    code = place.code(place.logged_in(LIN))

    def exchange(_: int) -> requests.Response:
        with place.http() as own:
            return place.exchange(own, code)

    with ThreadPoolExecutor(RACERS) as pool:
        answers = list(pool.map(exchange, range(RACERS)))
    statuses = sorted(each.status_code for each in answers)
    assert statuses == [200] + [400] * (RACERS - 1)
    assert {each.json()["error"] for each in answers if each.status_code == 400} == {"invalid_grant"}
    won = next(each.json() for each in answers if each.status_code == 200)
    until(lambda: not any(place.active(http, won["access_token"]) for _ in range(10)), RECOVERY_SECONDS)


def test_keys_rotate_and_no_token_is_refused(place: Scaled, http: requests.Session) -> None:
    browser = place.logged_in(LIN)
    tokens = place.exchange(http, place.code(browser)).json()
    new = place.manyou("keys", "rotate", "id-token")

    def published() -> bool:
        keys = http.get(f"{place.issuer}/jwks", timeout=10).json()["keys"]
        return new in {each["kid"] for each in keys}

    until(lambda: all(published() for _ in range(10)), RECOVERY_SECONDS)

    def signed_by() -> str:
        found = place.exchange(http, place.code(browser)).json()
        return str(jwt.get_unverified_header(found["id_token"])["kid"])

    until(lambda: signed_by() == new, 20)
    keys = {each["kid"]: each for each in http.get(f"{place.issuer}/jwks", timeout=10).json()["keys"]}
    head = jwt.get_unverified_header(tokens["id_token"])
    key = jwt.PyJWK(keys[head["kid"]]).key
    assert jwt.decode(tokens["id_token"], key, ["ES256"], audience="hall-a")["iss"] == place.issuer
    assert all(place.active(http, tokens["access_token"]) for _ in range(6))


def test_what_was_pushed_to_one_worker_is_found_by_all_and_an_emptied_redis_costs_a_retry(
    place: Scaled, http: requests.Session
) -> None:
    browser = place.logged_in(LIN)
    spent = place.code(browser)
    assert place.exchange(http, spent).status_code == 200
    query = dict(part.split("=", 1) for part in urlsplit(place.authorization("hall-a")).query.split("&"))
    pushed = {name: unquote_plus(value) for name, value in query.items()}
    pushed.pop("client_id")

    def push() -> str:
        answer = place.post(http, "/par", "hall-a", **pushed)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["request_uri"])

    def opened(request_uri: str) -> bool:
        browser.left_for = ""
        browser.get(f"{place.issuer}/authorize?client_id=hall-a&request_uri={request_uri}")
        return "code=" in browser.left_for

    used = push()
    assert opened(used)
    assert not opened(used), "a pushed request was used twice"
    waiting = push()
    for node in place.redis.nodes:
        node.command("FLUSHALL")
    assert not opened(used), "an emptied Redis let a pushed request in again"
    assert not opened(waiting)
    assert opened(push())
    answer = place.exchange(http, spent)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_without_redis_what_must_wait_is_refused_and_all_else_goes_on(
    place: Scaled, http: requests.Session
) -> None:
    browser = place.logged_in(LIN)
    place.redis.stop()
    try:
        answer = place.post(
            http,
            "/par",
            "hall-a",
            response_type="code",
            redirect_uri=place.client("hall-a")["redirect_uris"][0],
            scope="openid",
            code_challenge="c" * 43,
            code_challenge_method="S256",
        )
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "1"
        tokens = place.exchange(http, place.code(browser))
        assert tokens.status_code == 200
        assert place.active(http, tokens.json()["access_token"])
    finally:
        place.redis.start()
    until(lambda: place.post(http, "/par", "hall-a", response_type="code").status_code == 400, 10)


def test_under_mixed_load_keys_rotate_and_workers_are_replaced_unnoticed(place: Scaled) -> None:
    with Load(place) as load:
        rotate(load, place, 1)
        replace(load, place)
    assert load.faults == []
    assert (load.done["keys rotated"], load.done["workers replaced"]) == (1, 2)
    assert min(load.done[each] for each in ("code flows", "replays refused", "pushed requests")) > 5


def test_a_killed_worker_is_replaced_and_nothing_acknowledged_is_lost(
    place: Scaled, http: requests.Session
) -> None:
    code = place.code(place.logged_in(LIN))
    tokens = place.exchange(http, code).json()
    time.sleep(max(0.0, 6 - (time.monotonic() - place.started)))  # one that dies at its start ends the server
    victim = place.workers()[0]
    os.kill(victim, signal.SIGKILL)
    until(lambda: gone(victim) and len(place.workers()) == 2)
    place.recovers(RECOVERY_SECONDS)
    until(place.server.ready)
    assert place.exchange(http, code).json()["error"] == "invalid_grant"
    assert tokens["refresh_token"]


def test_postgresql_restarted_means_503_and_then_all_is_there_again(
    place: Scaled, http: requests.Session
) -> None:
    browser = place.logged_in(LIN)
    codes = [place.code(browser) for _ in range(3)]
    kept = place.exchange(http, codes[0]).json()
    wrong: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        with place.http() as own:
            while not stop.is_set():
                answer = place.post(own, "/token", "records-service", grant_type="client_credentials")
                if answer.status_code not in {200, 503}:
                    wrong.append(f"{answer.status_code} {answer.text[:200]}")
                if answer.status_code == 503 and answer.headers.get("Retry-After") != "1":
                    wrong.append(f"503 without Retry-After: {answer.text[:200]}")

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        place.database.stop("immediate")  # as a crash: recovery from the log
        refused = place.exchange(http, codes[1])
        assert refused.status_code == 503, refused.text
        assert refused.headers["Retry-After"] == "1"
        assert until(lambda: place.server.watched("readyz")[0] == 503, RECOVERY_SECONDS)
        place.database.start()
        place.recovers(RECOVERY_SECONDS)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert wrong == []
    until(place.server.ready, RECOVERY_SECONDS)
    assert place.exchange(http, codes[0]).json()["error"] == "invalid_grant"
    assert place.exchange(http, codes[1]).status_code == 200  # refused before, so not spent
    assert place.exchange(http, codes[2]).status_code == 200
    assert kept["refresh_token"]
