"""Whatever is sent to whichever route: never a 5xx, and what was refused has changed nothing.

Listed exceptions, the only ones: what a refusal itself has to write down.
"""

from __future__ import annotations

import json
import sqlite3
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

from idp.endpoints.at_once import ENDING
from idp.oauth.clients.grant_types import CIBA, DEVICE_CODE, TOKEN_EXCHANGE
from idp.oauth.grants.token_exchange import ACCESS_TOKEN
from manyou.hall import Hall
from manyou.transports import WsgiAdapter
from service.demo.folder import Demo, prepare
from service.house import House
from service.settings import SETTINGS_FILE, load_settings
from tests.conftest import ManualClock
from tests.flows.hostile import Answer, Known, Sent, ask, inside, outside
from tests.flows.plain_browser import PlainBrowser, forms
from tests.flows.province import CATERING, HUANG, LIN, food_permit

INSIDE, OUTSIDE = 30, 10
VERIFIER = "routes-" + "v" * 43
CHALLENGE = b64encode(sha256(VERIFIER.encode()).digest(), b"-_").decode().rstrip("=")
LAST = ENDING | {("POST", "/login"), ("POST", "/login/acting"), ("POST", "/logout")}
"""What ends or renews the session comes last, or the rest would only be tried as strangers."""
READY = "/ready"
"""Its 503 is an answer: nothing runs here, and the clock stands."""
COUNTED = {
    "attempts": "a wrong password or code is counted in the verifying work",
    "expiring": "holds nothing that decides",
}
"""Tables that a refusal may write to, and why."""
TOLD = {
    "licence.use_refused": "a use that was refused stands in the holder's trace",
    "idp.family_ended": "a value shown twice ends what its first use gave, and that commits",
}
"""Tags of events that a refusal may add, and why."""
FAMILY = "a value shown twice ends its family"
WITH_THEM = {"idp.family_ended": {"family": FAMILY, "news": FAMILY, "revoked_token": FAMILY}}
"""Tables that change together with such an event."""


NAMES = (
    *("client_id", "client_secret", "redirect_uri", "response_type", "scope", "state", "nonce", "resource"),
    *("code_challenge", "code_challenge_method", "prompt", "max_age", "acr_values", "id_token_hint", "begun"),
    *("authorization_details", "claims", "request", "request_uri", "response_mode", "ui_locales"),
    *("device_code", "user_code", "asked", "auth_req_id", "binding_message", "requested_expiry", "audience"),
    *("login_hint", "client_notification_token", "subject_token", "subject_token_type", "actor_token"),
    *("grant_type", "code", "code_verifier", "refresh_token", "token", "token_type_hint", "access_token"),
    *(
        "post_logout_redirect_uri",
        "return_to",
        "back",
        "before",
        "limit",
        "decision",
        "iss",
        "error",
        "again",
    ),
    *("identifier", "password", "password_again", "new_password", "otp", "name", "session", "client", "csrf"),
    *("type", "region", "holders", "fields", "valid_from", "valid_until", "number", "effective_at"),
    *("document", "operation", "reason", "revision", "licence_id", "matter", "purpose", "business_number"),
    *("document_type", "role", "share"),
)


@dataclass(frozen=True, slots=True)
class Stood:
    """What is durable, table by table."""

    rows: dict[str, frozenset[tuple[Any, ...]]]

    def changed(self, after: Stood) -> dict[str, frozenset[tuple[Any, ...]]]:
        return {name: rows ^ self.rows[name] for name, rows in after.rows.items() if rows != self.rows[name]}


class Store:
    """A second look at the store, beside the house."""

    def __init__(self, folder: Path) -> None:
        self._sqlite = sqlite3.connect(folder / "durable.sqlite", isolation_level=None)
        names = self._sqlite.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        self._tables = [name for (name,) in names if not name.startswith("sqlite_")]
        self._version = -1
        self._stood = Stood({})

    def close(self) -> None:
        self._sqlite.close()

    def look(self) -> Stood:
        """Everything; read anew only where somebody has committed since."""
        version = self._sqlite.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            self._version = version
            self._stood = Stood(
                {
                    name: frozenset(self._sqlite.execute(f'SELECT * FROM "{name}"').fetchall())  # noqa: S608
                    for name in self._tables
                }
            )
        return self._stood

    def tags(self, rows: frozenset[tuple[Any, ...]]) -> set[str]:
        """Of rows of the table ``event``."""
        names = [row[1] for row in self._sqlite.execute("PRAGMA table_info(event)").fetchall()]
        return {row[names.index("tag")] for row in rows}


@dataclass(frozen=True, slots=True)
class Laid:
    """A seeded house in this process; nothing runs in it but what is asked."""

    house: House
    facts: dict[str, Any]
    folder: Path

    def person(self, number: str) -> dict[str, Any]:
        found: dict[str, Any] = next(each for each in self.facts["people"] if each["number"] == number)
        return found


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laid]:
    demo = Demo(tmp_path_factory.mktemp("routes"))
    prepare(demo)
    clock = ManualClock(int(time.time()))
    house = House.open(load_settings({SETTINGS_FILE: str(demo.settings_file)}), clock=clock)
    yield Laid(house, demo.facts(), demo.folder)
    house.close()


@pytest.fixture(scope="module")
def known(laid: Laid) -> dict[str, Known]:
    """Good cookies, tokens and words, got the usual way; by site, as each has form tokens of its own."""
    provider, portal = laid.facts["issuer"], laid.facts["portal"]
    opening = authorizations(laid)
    with PlainBrowser(WsgiAdapter(laid.house.application)) as browser:
        browser.get(f"{portal}/login")
        browser.send(identifier=CATERING, password="")
        browser.send(identifier=HUANG, password=laid.person(HUANG)["password"])
        assert browser.url == f"{portal}/file", browser.text
        licence = browser.page.text.partition('"/licences/')[2].partition('"')[0]
        tokens = {
            "provider": forms(browser.get(f"{provider}/account").page.text)[0].fields["csrf"],
            "portal": forms(browser.get(f"{portal}/verify").page.text)[0].fields["csrf"],
        }
        jars = {"provider": jar(browser, "localhost.local"), "portal": jar(browser, "127.0.0.1")}
    return {
        site: Known(
            names=NAMES,
            values=(*words(laid), licence, *tokens.values()),
            cookies=("; ".join(jars[site]), *jars[site]),
            authorizations=opening,
            csrf=tokens[site],
            right=right(laid, licence),
            parts={
                "licence_id": licence,
                "identifier": laid.facts["licences"][0]["identifier"],
                "number": "1",
                "digits": "1" * 300,
                "client_id": laid.facts["clients"][0]["client_id"],
            },
        )
        for site in tokens
    }


def jar(browser: PlainBrowser, host: str) -> list[str]:
    """The cookies that a browser sends to a host."""
    return [f"{each.name}={each.value}" for each in browser.session.cookies if each.domain == host]


def right(laid: Laid, licence: str) -> dict[str, dict[str, Any]]:
    """By path, what a route takes."""
    client = next(each for each in laid.facts["clients"] if each["client_id"] == "hall-a")
    person = {"identifier": HUANG, "password": laid.person(HUANG)["password"]}
    use = {"matter": "food-permit-new", "purpose": "办理食品经营许可新办", "business_number": "SP0000000001"}
    back, left = client["redirect_uris"][0], client["post_logout_redirect_uris"][0]
    return {
        "/login": person,
        "/login/acting": person,
        "/activate": {"name": "黄一诺", "identifier": HUANG},
        "/activate/code": {"code": "123456789012"},
        "/authorize": {
            "client_id": "hall-a",
            "response_type": "code",
            "redirect_uri": back,
            "scope": "openid profile",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "resource": client["resources"][0],
            "authorization_details": json.dumps([{"type": "elicence", **use}]),
        },
        "/consent": {"decision": "deny"},
        "/token": {
            "grant_type": "authorization_code",
            "code": "x",
            "redirect_uri": back,
            "code_verifier": VERIFIER,
        },
        "/introspect": {"token": "x"},
        "/revoke": {"token": "x"},
        "/device_authorization": {"client_id": "self-service-terminal", "scope": "openid profile"},
        "/device": {"user_code": "BCDF-GHJK"},
        "/device/decide": {"asked": "x", "decision": "allow"},
        "/backchannel-authentication": {"scope": "openid", "login_hint": HUANG, "binding_message": "W7"},
        "/account/requests/decide": {"asked": "x", "decision": "allow"},
        "/logout": {"client_id": "hall-a", "post_logout_redirect_uri": left, "state": "s"},
        "/account/halls/end": {"client": "nobody"},
        "/account/sessions/end": {"session": "00" * 16},
        "/elicence/v1/licences": food_permit("JY13500000000999"),
        "/elicence/v1/licences/<identifier>/transitions": {"operation": "suspend", "reason": "test"},
        "/elicence/v1/codes": {"licence_id": licence},
        "/elicence/v1/codes/check": {"code": "1" * 300, "purpose": "日常监督检查"},
        "/elicence/v1/uses": use,
        "/elicence/v1/trace": {"limit": "5"},
        "/verify": {"code": "0" * 300},
    }


def words(laid: Laid) -> tuple[str, ...]:
    """Values that are right somewhere."""
    facts = laid.facts
    return (
        *(person["number"] for person in facts["people"]),
        *(company["uscc"] for company in facts["companies"]),
        *(licence["identifier"] for licence in facts["licences"]),
        *(each["client_id"] for each in facts["clients"]),
        *(each["code"] for each in (*facts["licence_types"], *facts["matters"])),
        facts["elicence"]["resource"],
        "/authorize?client_id=hall-a",
        *(
            "authorization_code",
            "refresh_token",
            "client_credentials",
            *(DEVICE_CODE, CIBA, TOKEN_EXCHANGE, ACCESS_TOKEN),
            "S256",
            "plain",
            "none",
            "login consent",
        ),
        *("openid", "file", "issue", "openid profile id_number offline_access", "query", "RS256"),
        *(
            "deny",
            "revoke",
            "suspend",
            "0",
            "1",
            "2",
            "111",
            "001",
            "350000",
            "2026-01-01",
            "[]",
            "{}",
            "null",
        ),
        "2026-01-01T00:00:00Z",
        laid.person(LIN)["password"],
    )


def authorizations(laid: Laid) -> dict[str, tuple[str, ...]]:
    """Tokens of every kind, and clients' secrets."""
    of_portal, portal = logged_in(laid, "portal", "openid file")
    of_hall, hall = logged_in(laid, "hall-a", "openid profile offline_access")
    verifier = own_token(laid, "market-inspection", "check")
    return {
        "client": (hall, portal),
        "bearer": (f"Bearer {of_hall['access_token']}", f"Bearer {of_portal['access_token']}"),
        "bearer:file": (f"Bearer {of_portal['access_token']}",),
        "bearer:issue": (own_token(laid, "market-supervision", "issue"),),
        "public or bearer:check": (verifier,),
    }


def own_token(laid: Laid, client_id: str, scope: str) -> str:
    """A client's own token for the library, as a header."""
    client = next(each for each in laid.facts["clients"] if each["client_id"] == client_id)
    way = WsgiAdapter(laid.house.application)
    hall = Hall(laid.facts["issuer"], client_id, client["client_secret"], transport=way)
    return "Bearer " + hall.client_token(scope=scope, resource=hall.licences.resource).access_token


def logged_in(laid: Laid, client_id: str, scope: str) -> tuple[dict[str, Any], str]:
    """The tokens of CATERING, for whom HUANG acts, at a client, and the client's own proof as a header."""
    client = next(each for each in laid.facts["clients"] if each["client_id"] == client_id)
    back = client["redirect_uris"][0]
    asked = {
        "client_id": client_id,
        "response_type": "code",
        "redirect_uri": back,
        "scope": scope,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **({"resource": client["resources"][0]} if client_id == "portal" else {}),
    }
    transport = WsgiAdapter(laid.house.application)
    with PlainBrowser(transport, stop=lambda url: url.startswith(back)) as browser:
        browser.get(f"{laid.facts['issuer']}/authorize?{urlencode(asked)}")
        browser.send(identifier=CATERING, password="")
        browser.send(identifier=HUANG, password=laid.person(HUANG)["password"]).agree()
        code = parse_qs(urlsplit(browser.left_for).query)["code"][0]
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": VERIFIER,
        }
        proof = requests.auth.HTTPBasicAuth(client_id, client["client_secret"])
        answer = browser.session.post(f"{laid.facts['issuer']}/token", data=form, auth=proof)
        assert answer.status_code == 200, answer.text
        return answer.json(), str(answer.request.headers["Authorization"])


def test_nothing_fails_and_what_is_refused_changes_nothing(laid: Laid, known: dict[str, Known]) -> None:
    routes = [(site, each) for site, _ in laid.house.sites for each in site.endpoints if each.path != READY]
    routes.sort(key=lambda route: (route[1].method, route[1].path) in LAST)
    with closing(Store(laid.folder)) as store:
        for site, endpoint in routes:
            words = endpoint, site.host, known[site.name]
            bear(laid, store, inside(*words), INSIDE)
            bear(laid, store, outside(*words), OUTSIDE)


def bear(laid: Laid, store: Store, requests_: SearchStrategy[Sent], examples: int) -> None:
    """Send so many requests."""

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(requests_)
    def bears(request: Sent) -> None:
        before = store.look()
        answer = ask(laid.house.application, request)
        assert answer.status < 500, (request, answer)
        assert b"Traceback" not in answer.body
        if answer.refused:
            unchanged(store, before, request, answer)

    bears()


def unchanged(store: Store, before: Stood, request: Sent, answer: Answer) -> None:
    """Only what a refusal has to write down was written."""
    changed = before.changed(store.look())
    tags = store.tags(changed.pop("event", frozenset()))
    assert tags <= set(TOLD), (request, answer.status, tags)
    allowed = set(COUNTED).union(*(WITH_THEM.get(tag, ()) for tag in tags))
    assert set(changed) <= allowed, (request, answer, changed)
