"""kill -9 at 20 random moments within 200 issues of licences and 200 exchanges of codes.

What was acknowledged is there, what was not is absent or resumes, nothing happens twice.
"""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.flows.plain_browser import PlainBrowser
from tests.flows.province import LIN, Province, food_permit

KILLS, EACH = 20, 10
WORKERS = 2
VERIFIER = "kill-" + "v" * 43
CHALLENGE = b64encode(sha256(VERIFIER.encode()).digest(), b"-_").decode().rstrip("=")
SECONDS = 10


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    """One of its own, without halls: nobody else's server dies."""
    found = Province(tmp_path_factory.mktemp("kill") / "var", halls=False)
    try:
        yield found.start()
    finally:
        found.kill()


@dataclass(slots=True)
class Story:
    """What was asked, and what was answered before and after each kill."""

    province: Province
    cookies: Any
    authority: str
    """The issuing authority's access token: it outlives every kill."""
    waiting: dict[str, deque[int]] = field(default_factory=lambda: {"issue": deque(), "exchange": deque()})
    issued: dict[int, str] = field(default_factory=dict)
    """Number → identifier, acknowledged."""
    codes: dict[int, str] = field(default_factory=dict)
    """Number → code that was sent to be exchanged."""
    tokens: dict[int, dict[str, Any]] = field(default_factory=dict)
    """Number → answer, acknowledged."""
    unanswered: dict[str, list[int]] = field(default_factory=lambda: {"issue": [], "exchange": []})
    answered: int = 0
    faults: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def issue(self, http: requests.Session, number: int) -> None:
        answer = http.post(
            f"{self.province.issuer}/elicence/v1/licences",
            json=food_permit(f"JY2350000{number:07d}"),
            headers={
                "Idempotency-Key": f"killed-licence-{number}",
                "Authorization": f"Bearer {self.authority}",
            },
            timeout=SECONDS,
        )
        assert answer.status_code == 201, answer.text
        identifier = answer.json()["identifier"]
        assert self.issued.setdefault(number, identifier) == identifier

    def exchange(self, http: requests.Session, number: int) -> None:
        if number not in self.codes:
            self.codes[number] = self._code(http)
        answer = self.send_code(http, number)
        assert answer.status_code == 200, answer.text
        self.tokens[number] = answer.json()

    def send_code(self, http: requests.Session, number: int) -> requests.Response:
        return self._post(
            http,
            "token",
            grant_type="authorization_code",
            code=self.codes[number],
            redirect_uri=self._client["redirect_uris"][0],
            code_verifier=VERIFIER,
        )

    def active(self, http: requests.Session, token: str) -> bool:
        found: bool = self._post(http, "introspect", token=token).json()["active"]
        return found

    @property
    def _client(self) -> dict[str, Any]:
        return self.province.client("hall-a")

    def _post(self, http: requests.Session, path: str, **form: str) -> requests.Response:
        proof = self._client["client_id"], self._client["client_secret"]
        return http.post(f"{self.province.issuer}/{path}", data=form, auth=proof, timeout=SECONDS)

    def _code(self, http: requests.Session) -> str:
        answer = http.get(asked(self.province), cookies=self.cookies, allow_redirects=False, timeout=SECONDS)
        return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def asked(province: Province) -> str:
    """The authorization request, always the same."""
    client = province.client("hall-a")
    query = {
        "response_type": "code",
        "client_id": "hall-a",
        "redirect_uri": client["redirect_uris"][0],
        "scope": "openid offline_access",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return f"{province.issuer}/authorize?{urlencode(query)}"


@pytest.fixture
def story(province: Province) -> Story:
    back = province.client("hall-a")["redirect_uris"][0]
    with PlainBrowser(stop=lambda url: url.startswith(back)) as browser:
        browser.get(asked(province)).log_in(province, LIN).agree()
        assert "code=" in browser.left_for
        hall = province.hall("market-supervision")
        token = hall.client_token(scope="issue", resource=hall.licences.resource).access_token
        return Story(province, browser.session.cookies.copy(), token)


def run(
    story: Story, kind: str, work: Callable[[requests.Session, int], None], dead: threading.Event
) -> None:
    """One worker: does what waits, until the server is gone."""
    with requests.Session() as http:
        while not dead.is_set():
            try:
                number = story.waiting[kind].popleft()
            except IndexError:
                return
            try:
                work(http, number)
                with story.lock:
                    story.answered += 1
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                story.unanswered[kind].append(number)
                return
            except Exception as fault:  # noqa: BLE001 told by the test
                story.faults.append(f"{kind} {number}: {fault!r}")
                return


def killed_within(story: Story, chance: random.Random) -> None:
    """Let everything run that waits, and kill the server at a random moment of it."""
    whole = sum(len(queue) for queue in story.waiting.values())
    story.answered, until = 0, chance.randrange(whole - 2 * WORKERS)
    dead = threading.Event()
    works = (("issue", story.issue), ("exchange", story.exchange)) * WORKERS
    threads = [threading.Thread(target=run, args=(story, *work, dead)) for work in works]
    for thread in threads:
        thread.start()
    while story.answered < until and any(thread.is_alive() for thread in threads):
        time.sleep(0.0005)
    time.sleep(chance.uniform(0, 0.005))
    story.province.kill()
    dead.set()
    for thread in threads:
        thread.join()
    assert story.faults == []


def look_after_restart(story: Story, issued: list[int], exchanged: list[int]) -> None:
    """What was answered stands and cannot be had twice; what was not is taken up again."""
    with requests.Session() as http:
        for number in issued:
            story.issue(http, number)  # the same key gives the same licence
        for number in exchanged:
            access = story.tokens[number]["access_token"]
            assert story.active(http, access)
            refused = story.send_code(http, number)
            assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
            assert not story.active(http, access)  # the second use undid the first
        for number in story.unanswered["issue"]:
            story.issue(http, number)
        for number in story.unanswered["exchange"]:
            if number not in story.codes:  # no code had come yet
                story.exchange(http, number)
            answer = story.send_code(http, number)
            if answer.status_code == 200:
                story.tokens[number] = answer.json()
                answer = story.send_code(http, number)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    story.unanswered = {"issue": [], "exchange": []}


def test_nothing_acknowledged_is_lost_and_nothing_happens_twice(province: Province, story: Story) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    before = licences(province)
    interrupted = 0
    for turn in range(KILLS):
        numbers = range(turn * EACH, (turn + 1) * EACH)
        for queue in story.waiting.values():
            queue.extend(numbers)
        known, had = set(story.issued), set(story.tokens)
        killed_within(story, chance)
        interrupted += any(story.waiting.values()) or any(story.unanswered.values())
        province.start()
        look_after_restart(story, sorted(set(story.issued) - known), sorted(set(story.tokens) - had))
    known, had = set(story.issued), set(story.tokens)
    works = (("issue", story.issue), ("exchange", story.exchange))
    for kind, work in works:  # what the last kill left over
        run(story, kind, work, threading.Event())
    look_after_restart(story, sorted(set(story.issued) - known), sorted(set(story.tokens) - had))
    assert interrupted == KILLS
    assert len(set(story.issued.values())) == len(story.issued) == len(story.codes) == KILLS * EACH
    numbered(province)
    province.stop()
    look_into_the_store(province, story, before)


def licences(province: Province) -> int:
    with closing(sqlite3.connect(province.folder / "durable.sqlite")) as store:
        return int(store.execute("SELECT count(*) FROM licence").fetchone()[0])


def numbered(province: Province) -> None:
    """Wait until the sequencer has given every event its number."""
    until = time.monotonic() + SECONDS
    with closing(sqlite3.connect(province.folder / "durable.sqlite")) as store:
        while store.execute("SELECT count(*) FROM event WHERE number IS NULL").fetchone()[0]:
            assert time.monotonic() < until
            time.sleep(0.05)


def look_into_the_store(province: Province, story: Story, before: int) -> None:
    """Each licence, its serial and its event once; each code and its family once; no number left out."""
    with closing(sqlite3.connect(province.folder / "durable.sqlite")) as store:

        def rows(sql: str) -> list[tuple[Any, ...]]:
            return store.execute(sql).fetchall()

        assert rows("PRAGMA integrity_check") == [("ok",)]
        wanted = before + len(story.issued)
        assert rows("SELECT count(*), count(DISTINCT identifier) FROM licence") == [(wanted, wanted)]
        assert rows("SELECT count(*) FROM licence WHERE state <> 'valid'") == [(0,)]
        found = {row[0] for row in rows("SELECT identifier FROM licence")}
        assert set(story.issued.values()) <= found
        made = "SELECT subject, holder_key FROM event WHERE tag = 'licence.issued' ORDER BY 1, 2"
        held = rows("SELECT licence_id, holder_key FROM licence_holder ORDER BY 1, 2")
        assert rows(made) == held  # one event a holder
        assert rows("SELECT count(*) FROM licence_claim WHERE gap <> ''") == [(0,)]
        first = len(story.codes)
        spent = "SELECT count(*), count(DISTINCT value) FROM spent WHERE kind = 'code'"
        assert rows(spent) == [(first, first)]
        families = "SELECT count(*), count(DISTINCT id), sum(live) FROM family"
        assert rows(families) == [(first, first, 0)]
        numbers = [row[0] for row in rows("SELECT number FROM event ORDER BY number")]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
