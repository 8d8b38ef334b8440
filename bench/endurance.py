"""`make soak`, the scaled half: ten minutes of mixed load; keys rotate, workers are replaced, stores fail.

    .venv/bin/python -m bench.endurance --minutes 10

nginx, two workers, PostgreSQL and a Redis Cluster, all of the run's own. A key of another ring rotates every
10 seconds and every worker is replaced every 20. After two fifths of the time Redis is stopped and comes back
empty, after three fifths PostgreSQL is stopped and comes back. It fails where

- a valid token is refused, or one that was ended is not;
- a code, a refresh token or a pushed request that was used is accepted again;
- a request is lost, or answered by anything but its answer, or by 503 while its store is away;
- either store is back and five seconds later something is still refused.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import jwt
import requests

from tests.flows.province import LIN
from tests.flows.scaled import Scaled, scaled

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Load", "main", "replace", "rotate", "run"]

ROTATE_SECONDS, REPLACE_SECONDS = 10.0, 20.0
RECOVERY_SECONDS = 5.0
SLOWEST_SECONDS = 300.0
"""A command beside the load, on a machine that has no core to spare."""
AWAY_SECONDS = 3.0
"""How long a store stays away."""
KEPT = 500
"""Used codes and living tokens that are tried again."""
RINGS = (
    ("id-token", "ES256"),
    ("access-token", "ES256"),
    ("seal", "A256"),
    ("id-token", "RS256"),
)


class Load:
    """Threads that ask, and what they found wrong."""

    def __init__(self, place: Scaled) -> None:
        self.place = place
        self.done: Counter[str] = Counter()
        self.faults: list[str] = []
        self._stop = threading.Event()
        self._away = 0.0
        """Until then (monotonic) a store may be away: 503 is an answer."""
        self._used: deque[str] = deque(maxlen=KEPT)
        self._living: deque[str] = deque(maxlen=KEPT)
        self._keys: dict[str, Any] = {}
        works = (self._codes, self._codes, self._credentials, self._replays, self._pushed)
        self._threads = [threading.Thread(target=self._again, args=(work,)) for work in works]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @contextmanager
    def away(self) -> Iterator[None]:
        """While a store is away, and as long after as it may take to come back."""
        self._away = float("inf")
        yield
        self._away = time.monotonic() + RECOVERY_SECONDS

    def _again(self, work: Callable[[requests.Session], None]) -> None:
        with self.place.http() as http:
            while not self._stop.is_set():
                begun = time.monotonic()
                try:
                    work(http)
                except _Away as away:
                    self.done["answered 503"] += 1
                    if begun > self._away:
                        self._fault(f"{work.__name__}: 503 though all is there: {away}")
                    time.sleep(0.05)
                except Exception as fault:  # noqa: BLE001 told at the end
                    self._fault(f"{work.__name__}: {fault!r}")

    def _fault(self, text: str) -> None:
        self.faults.append(f"{time.strftime('%H:%M:%S')} {text}"[:400])

    def _answered(self, answer: requests.Response, *good: int) -> Any:
        if answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) >= 1, "503 without Retry-After"
            raise _Away(answer.text)
        assert answer.status_code in good, (
            f"{answer.url.partition('?')[0]} {answer.status_code} {answer.text}"
        )
        return answer.json() if answer.content else {}

    def _code(self) -> str:
        local = threading.current_thread()
        browser = getattr(local, "browser", None)
        if browser is None:
            browser = self.place.logged_in(LIN)
            local.browser = browser  # type: ignore[attr-defined]
        browser.left_for = ""
        browser.get(self.place.authorization("hall-a"))
        if browser.page.status_code == 503:
            raise _Away(browser.text)
        assert "code=" in browser.left_for, f"{browser.page.status_code} {browser.url} {browser.text[:200]}"
        return str(browser.left_for.partition("code=")[2].partition("&")[0])

    def _codes(self, http: requests.Session) -> None:
        """A whole flow, silent: code, tokens, userinfo, refresh, introspection."""
        place = self.place
        code = requests.compat.unquote(self._code())
        found = self._answered(place.exchange(http, code), 200)
        self._verify(http, found["id_token"])
        for _ in range(2):
            form = {"grant_type": "refresh_token", "refresh_token": found["refresh_token"]}
            found |= self._answered(place.post(http, "/token", "hall-a", **form), 200)
        told = self._answered(place.post(http, "/introspect", "hall-a", token=found["access_token"]), 200)
        assert told["active"] is True, "a valid token was refused"
        bearer = {"Authorization": f"Bearer {found['access_token']}"}
        self._answered(http.get(f"{place.issuer}/userinfo", headers=bearer, timeout=10), 200)
        if random.random() < 0.2:  # noqa: S311 no secret
            self._answered(place.post(http, "/revoke", "hall-a", token=found["refresh_token"]), 200)
            ended = self._answered(
                place.post(
                    http,
                    "/token",
                    "hall-a",
                    grant_type="refresh_token",
                    refresh_token=found["refresh_token"],
                ),
                400,
            )
            assert ended["error"] == "invalid_grant", "a revoked refresh token was accepted"
        self._used.append(code)  # from here on a replay may end what it gave
        self.done["code flows"] += 1

    def _verify(self, http: requests.Session, token: str) -> None:
        kid = jwt.get_unverified_header(token)["kid"]
        if kid not in self._keys:  # as every client does, once for a kid that it does not know
            answer = self._answered(http.get(f"{self.place.issuer}/jwks", timeout=10), 200)
            self._keys |= {key["kid"]: jwt.PyJWK(key) for key in answer["keys"] if key.get("use") == "sig"}
        key = self._keys[kid]
        jwt.decode(token, key.key, [key.algorithm_name], options={"verify_aud": False}, leeway=5)

    def _credentials(self, http: requests.Session) -> None:
        """Tokens of a resource server's own, verified by the key set; older ones stay good."""
        answer = self.place.post(http, "/token", "records-service", grant_type="client_credentials")
        token = self._answered(answer, 200)["access_token"]
        self._living.append(token)
        for each in (token, random.choice(tuple(self._living))):  # noqa: S311 no secret
            self._verify(http, each)
            told = self._answered(self.place.post(http, "/introspect", "records-service", token=each), 200)
            assert told["active"] is True, "a valid token was refused"
        self.done["client credentials"] += 1

    def _replays(self, http: requests.Session) -> None:
        """A code that was used is refused for ever, whatever was emptied or restarted meanwhile."""
        if not self._used:
            time.sleep(0.05)
            return
        code = random.choice(tuple(self._used))  # noqa: S311 no secret
        refused = self._answered(self.place.exchange(http, code), 200, 400)
        assert refused.get("error") == "invalid_grant", "a used code was accepted again"
        self.done["replays refused"] += 1
        time.sleep(0.02)

    def _pushed(self, http: requests.Session) -> None:
        """A pushed request, opened by the browser, and never again."""
        place = self.place
        self._code()  # logged in
        browser = threading.current_thread().browser  # type: ignore[attr-defined]
        form = {
            "response_type": "code",
            "redirect_uri": place.client("hall-a")["redirect_uris"][0],
            "scope": "openid",
            "code_challenge": "c" * 43,
            "code_challenge_method": "S256",
        }
        pushed = self._answered(place.post(http, "/par", "hall-a", **form), 201)["request_uri"]
        address = f"{place.issuer}/authorize?client_id=hall-a&request_uri={pushed}"
        for good in (True, False):
            browser.left_for = ""
            browser.get(address)
            if browser.page.status_code == 503:
                raise _Away(browser.text)
            if good and "code=" not in browser.left_for and time.monotonic() < self._away:
                return  # Redis was emptied in between: it costs a retry
            assert ("code=" in browser.left_for) is good, "pushed request: " + (
                "lost" if good else "used twice"
            )
        self.done["pushed requests"] += 1


class _Away(Exception):
    """503 with Retry-After."""


def rotate(load: Load, place: Scaled, turn: int) -> None:
    """A new key for the next ring."""
    ring, algorithm = RINGS[turn % len(RINGS)]
    done = place.server.beside("keys", "rotate", ring, "--algorithm", algorithm, seconds=SLOWEST_SECONDS)
    if done.returncode == 0:
        load.done["keys rotated"] += 1
    elif "rotation_under_way" not in done.stderr:
        load.faults.append(f"keys rotate {ring}: {done.stderr}")


def replace(load: Load, place: Scaled) -> None:
    """New workers, one after the other."""
    assert place.process is not None
    place.server.replace_workers(place.process)
    load.done["workers replaced"] += 2


def _redis_away(load: Load, place: Scaled) -> None:
    with load.away():
        place.redis.stop()
        time.sleep(AWAY_SECONDS)
        place.redis.start()
    load.done["Redis emptied"] += 1


def _postgres_away(load: Load, place: Scaled) -> None:
    with load.away():
        place.database.stop("immediate")
        time.sleep(AWAY_SECONDS)
        place.database.start()
    load.done["PostgreSQL restarted"] += 1


def run(place: Scaled, seconds: float) -> Load:
    """The whole of it; what was wrong stands in the result's ``faults``."""
    load, begun = Load(place), time.monotonic()
    turns = itertools.count()
    due: list[tuple[float, float, Callable[[], None]]] = [
        (ROTATE_SECONDS / 2, ROTATE_SECONDS, lambda: rotate(load, place, next(turns))),
        (REPLACE_SECONDS / 4, REPLACE_SECONDS, lambda: replace(load, place)),
        (seconds * 0.4, seconds, lambda: _redis_away(load, place)),
        (seconds * 0.6, seconds, lambda: _postgres_away(load, place)),
    ]
    with load:
        while (now := time.monotonic() - begun) < seconds:
            due.sort(key=lambda each: each[0])
            at, every, act = due[0]
            if now < at:
                time.sleep(min(0.1, at - now))
                continue
            act()
            due[0] = (max(at + every, now), every, act)
    return load


def main() -> int:
    """Run, print, judge."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--minutes", type=float, default=10)
    minutes = options.parse_args().minutes
    Path("var").mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir="var", prefix="endurance-") as folder,
        scaled(Path(folder).resolve()) as place,
    ):
        load = run(place, minutes * 60)
    for name, count in sorted(load.done.items()):
        print(f"{name:<24}{count:>10,}")
    for fault in load.faults[:50]:
        print(fault)
    print(f"faults: {len(load.faults)}")
    return int(bool(load.faults))


if __name__ == "__main__":
    sys.exit(main())
