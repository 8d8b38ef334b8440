"""A provider in one process on an empty store: real rings, people, sessions, routes; a clock that is told."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import msgspec
import pytest

import holders
import keys
from idp.endpoints import oauth_endpoints
from idp.oauth.assembly import OAuth, assemble
from idp.oauth.clients.client import Client, new_secret
from idp.oauth.clients.registered import put
from idp.oauth.engine import Engine
from idp.oauth.logout.farewell import Farewell
from idp.oauth.settings import OAuthSettings
from idp.pages.consent import consent_endpoints
from idp.pages.device import DevicePages
from idp.pages.requests import RequestPages
from idp.people import records as people
from idp.people.facts import Facts
from idp.people.records import EvidenceRow, OfficeRow, OrganisationRow, PersonRow
from idp.sessions import records as sessions
from idp.sessions.records import NewSession
from idp.sessions.session import Session
from idp.sessions.settings import SessionSettings
from idp.sessions.single_sign_on import SingleSignOn
from keys import KeySettings
from manyou.errors import BadRequest
from store import SQL, Durable, Feed, StoreSettings, open_durable, open_expiring
from tests.conftest import ManualClock
from tests.idp.oauth.signing import Signer
from web import LOCAL_DEMO, Call, Catalogue, Endpoint, Pages, Reply, Sentence
from web.answer import answer
from web.csrf import FIELD
from web.fetching import Fetcher
from web.outbound import FetchSettings

ISSUER = "http://localhost:8000"
BACK = "http://localhost:8001/callback"
OTHER_BACK = "http://127.0.0.1:8002/callback"
SIGNED_BY = "signed-by"
"""Stands for a client assertion among headers; never sent."""
ROOT = Path(__file__).parents[3]
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


class Counting:
    """A type of authorization_details: so many of something."""

    name = "count"

    def validate(self, detail: Mapping[str, Any], client: str) -> Mapping[str, Any]:
        if not isinstance(detail.get("most"), int) or set(detail) - {"type", "most"}:
            raise BadRequest("Send most as a number.")
        return detail

    def narrow(self, asked: Mapping[str, Any], granted: Mapping[str, Any]) -> bool:
        return bool(asked["most"] <= granted["most"])

    def sentences(self, detail: Mapping[str, Any], client: str) -> list[Sentence]:
        return [Sentence(f"至多 {detail['most']} 个", f"at most {detail['most']}")]


@dataclass(slots=True)
class Browser:
    """Cookies of one browser."""

    cookies: dict[str, str] = field(default_factory=dict)

    def keep(self, reply: Reply) -> None:
        for name, value in reply.headers:
            if name == "Set-Cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]

    @property
    def header(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}


@dataclass(slots=True)
class House:
    """The provider and what a test needs to act on it."""

    durable: Durable
    clock: ManualClock
    feed: Feed
    oauth: OAuth
    register: holders.Register
    endpoints: dict[tuple[str, str], Endpoint]
    pages: Pages
    secrets: dict[str, str] = field(default_factory=dict)
    signers: dict[str, Signer] = field(default_factory=dict)
    """Keys of the clients that have one, by client_id."""
    numbers: Iterator[str] = field(
        default_factory=lambda: iter(
            ["350000199001010018", "35000019850615002X", "350000200002290037", "350000194110120045"]
        )
    )

    @property
    def engine(self) -> Engine:
        return self.oauth.engine

    # parties

    def client(self, client_id: str = "hall-a", **changes: Any) -> Client:
        if changes.get("profile", "").startswith("fapi2") and "auth_method" not in changes:
            signer = self.signers[client_id] = Signer()
            changes |= {"auth_method": "private_key_jwt", "jwks": signer.key_set}
        keyed = changes.get("auth_method", "").endswith(("jwt", "tls_client_auth"))
        public = changes.get("auth_method") == "none"
        secret, digest = new_secret(os.urandom)
        known: dict[str, Any] = {
            "client_id": client_id,
            "name_zh": "大厅甲",
            "name_en": "Hall A",
            "secret_hashes": () if public or keyed else (digest,),
            "redirect_uris": (BACK,),
            "post_logout_redirect_uris": ("http://localhost:8001/",),
            "grants": ("authorization_code", "refresh_token") + (() if public else ("client_credentials",)),
            "scopes": ("openid", "profile", "phone", "id_number", "offline_access", "use", "check"),
            "audiences": (f"{ISSUER}/elicence", "https://api.example/"),
            "detail_types": ("count",),
        }
        found = Client(**(known | changes))
        self.durable.write(lambda tx: put(tx, found, self.clock.now))
        if not public and not keyed and "secret_hashes" not in changes:
            self.secrets[client_id] = secret
        self.feed.poll()
        return found

    def person(self, *, name: str = "张三", level: int = 2, mobile: str | None = "13800138000") -> bytes:
        number = next(self.numbers)
        key = self.register.enrol("111", number, "test").holder_key
        fields = self.register.fields(key)
        row = PersonRow(
            key,
            "111",
            fields.seal("name", name),
            fields.seal("number", number),
            fields.seal("mobile", mobile) if mobile else None,
            "enabled",
            self.clock.now,
        )

        def work(tx: Any) -> None:
            people.save_person(tx, row)
            people.save_evidence(tx, EvidenceRow(key, level, "test", self.clock.now, 0))

        self.durable.write(work)
        return key

    def organisation(self, person: bytes, *, uscc: str = "91350000MADEM00030") -> bytes:
        key = self.register.enrol("001", uscc, "test").holder_key
        fields = self.register.fields(key)
        row = OrganisationRow(
            key, fields.seal("name", "闽味食品有限公司"), fields.seal("uscc", uscc), "active", self.clock.now
        )
        office = OfficeRow(key, person, "legal_representative", self.clock.now, 0, self.clock.now)

        def work(tx: Any) -> None:
            people.save_organisation(tx, row)
            people.save_office(tx, office)

        self.durable.write(work)
        return key

    def login(
        self,
        person: bytes,
        *,
        acting_for: bytes | None = None,
        factors: Mapping[str, int] | None = None,
        browser: Browser | None = None,
    ) -> tuple[Browser, Session]:
        now, secret = self.clock.now, os.urandom(32)
        settings = SessionSettings()
        new = NewSession(
            id=os.urandom(16),
            secret=hashlib.sha256(secret).digest(),
            holder_key=person,
            acting_for=acting_for,
            office="legal_representative" if acting_for else None,
            factors=dict(factors or {"pwd": now}),
            device="test",
            started=now,
            idle_ends=now + settings.idle_seconds,
            ends=now + settings.absolute_seconds,
        )
        self.durable.write(lambda tx: sessions.insert(tx, new))
        found = self.durable.read(lambda tx: sessions.living(tx, new.id, now))
        assert found is not None
        browser = browser or Browser()
        browser.cookies["manyou"] = base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
        return browser, found

    # calls

    def call(
        self,
        method: str,
        target: str,
        *,
        browser: Browser | None = None,
        form: Any = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        certificate: bytes | None = None,
    ) -> Reply:
        sent = {**(browser.header if browser else {}), **(headers or {})}
        if (client_id := sent.pop(SIGNED_BY, None)) is not None:
            proof = self.signers[client_id].proof(client_id, self.clock.now)
            form = [*(form.items() if isinstance(form, dict) else form or []), *proof.items()]
        shown = "" if certificate is None else f":{base64.b64encode(certificate).decode()}:"
        call = Call.of(
            method, target, now=self.clock.now, form=form, json=json, headers=sent, certificate=shown
        )
        path = call.path
        if path.startswith("/register/"):
            path, call.args = "/register/<client_id>", {"client_id": path.removeprefix("/register/")}
        reply = answer(self.endpoints[method, path], call, self.pages)
        if browser is not None:
            browser.keep(reply)
        assert reply.status < 500, reply.body
        return reply

    def visit(self, route: str, browser: Browser | None = None, **args: str) -> Reply:
        """GET a route that has parts, as the routing finds them."""
        call = Call.of("GET", route, now=self.clock.now, headers=browser.header if browser else {})
        call.args = args
        return answer(self.endpoints["GET", route], call, self.pages)

    def basic(self, client_id: str) -> dict[str, str]:
        """How the client proves itself: by secret, or by an assertion that ``call`` puts into the form."""
        if client_id in self.signers:
            return {SIGNED_BY: client_id}
        pair = f"{client_id}:{self.secrets[client_id]}".encode()
        return {"Authorization": "Basic " + base64.b64encode(pair).decode()}

    def proof_of(self, client_id: str) -> dict[str, str]:
        """The same; nothing of a public client."""
        return self.basic(client_id) if client_id in self.secrets or client_id in self.signers else {}

    def ask(self, client_id: str = "hall-a", /, **changes: str | None) -> str:
        known: dict[str, str | None] = {
            "client_id": client_id,
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": "openid profile",
            "state": "s1",
            "nonce": "n1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return urlencode({name: value for name, value in (known | changes).items() if value is not None})

    def authorize(
        self, browser: Browser | None, client_id: str = "hall-a", /, **changes: str | None
    ) -> Reply:
        return self.call("GET", "/authorize?" + self.ask(client_id, **changes), browser=browser)

    def push(self, client_id: str = "hall-a", /, proof: str | None = None, **changes: str | None) -> Reply:
        """Push the request that ``ask`` writes, with a DPoP proof beside it where one is given."""
        form = parse_qsl(self.ask(client_id, **changes), keep_blank_values=True)
        headers = self.basic(client_id) | ({"DPoP": proof} if proof else {})
        return self.call("POST", "/par", form=form, headers=headers)

    def pushed(self, client_id: str = "hall-a", /, proof: str | None = None, **changes: str | None) -> str:
        """The query that opens a pushed request."""
        reply = self.push(client_id, proof=proof, **changes)
        assert reply.status == 201, reply.body
        return urlencode({"client_id": client_id, "request_uri": body(reply)["request_uri"]})

    def decide(self, browser: Browser, consent: str, decision: str = "allow") -> Reply:
        page = self.call("GET", consent, browser=browser)
        assert page.status == 200, page.body
        text = page.body.decode()
        token = text.partition(f'name="{FIELD}" value="')[2].partition('"')[0]
        ticked = dict.fromkeys(re.findall(r'name="(claim\.[^"]+)" value="yes" checked', text), "yes")
        form = {FIELD: token, "decision": decision, **ticked}
        return self.call("POST", consent, browser=browser, form=form)

    def code(self, browser: Browser, client_id: str = "hall-a", /, **changes: str | None) -> str:
        reply = self.authorize(browser, client_id, **changes)
        for _ in range(3):
            location = reply.header("Location") or ""
            if location.startswith("/consent?"):
                reply = self.decide(browser, location)
            elif location.startswith("/authorize?"):
                reply = self.call("GET", location, browser=browser)
        found = answered(reply)
        assert "code" in found, (reply.header("Location"), reply.status)
        return found["code"]

    def token(self, client_id: str = "hall-a", /, **form: str) -> Reply:
        headers = self.proof_of(client_id)
        if not headers:
            form["client_id"] = client_id
        return self.call("POST", "/token", form=form, headers=headers)

    def redeem(self, code: str, client_id: str = "hall-a", /, **changes: str) -> Reply:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": BACK,
            "code_verifier": VERIFIER,
        }
        return self.token(client_id, **{n: v for n, v in (form | changes).items() if v})

    def refresh(self, refresh_token: str, client_id: str = "hall-a", /, **more: str) -> Reply:
        return self.token(client_id, grant_type="refresh_token", refresh_token=refresh_token, **more)

    def introspect(self, token: str, client_id: str = "hall-a") -> dict[str, Any]:
        reply = self.call("POST", "/introspect", form={"token": token}, headers=self.basic(client_id))
        assert reply.status == 200, reply.body
        return body(reply)

    def userinfo(self, token: str) -> Reply:
        return self.call("GET", "/userinfo", headers={"Authorization": f"Bearer {token}"})

    def run(self, sql: str, **values: Any) -> int:
        return self.durable.write(lambda tx: tx.run(SQL(sql), **values))

    def count(self, table: str, where: str = "1 = 1") -> int:
        row = self.durable.read(lambda tx: tx.row(SQL(f"SELECT COUNT(*) FROM {table} WHERE {where}")))  # noqa: S608
        assert row is not None
        return int(row[0])

    def events(self, tag: str) -> int:
        return self.count("event", f"tag = 'idp.{tag}'")


def body(reply: Reply) -> dict[str, Any]:
    return msgspec.json.decode(reply.body, type=dict[str, Any])


def answered(reply: Reply) -> dict[str, str]:
    """What stands in the query of the redirect to the client."""
    location = reply.header("Location") or ""
    assert reply.status == 303, (reply.status, reply.body)
    assert location.startswith((BACK, OTHER_BACK)), location
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def make_house(
    durable: Durable,
    clock: ManualClock,
    folder: Path,
    settings: OAuthSettings | None = None,
    mtls: str = "",
) -> House:
    master = folder / "master.key"
    if not master.exists():
        keys.create_master_key(master, environment="development")
    rings = keys.build(KeySettings(master_key_file=master, deployment="test", issuer=ISSUER), durable, clock)
    register = holders.build(durable, rings, clock)
    feed = Feed(durable, clock=clock)
    sign_on = SingleSignOn(durable, LOCAL_DEMO, SessionSettings())
    oauth = assemble(
        issuer=ISSUER,
        settings=settings or OAuthSettings(),
        mtls=mtls,
        durable=durable,
        expiring=open_expiring(durable, clock),
        keys=rings,
        feed=feed,
        facts=Facts(durable, register),
        sign_on=sign_on,
        fetcher=Fetcher(FetchSettings(loopback="DevelopmentLoopback")),
        details=[Counting()],
    )
    pages = Pages(
        site="provider",
        templates=[ROOT / "web/templates", ROOT / "idp/templates"],
        catalogue=Catalogue.load([ROOT / "web/texts.toml", ROOT / "idp/texts.toml"]),
        transport=LOCAL_DEMO,
        mac=lambda data: rings.mac("csrf", data),
    )
    farewell = Farewell(oauth.engine, oauth.back_channel, pages)
    routes = (
        *oauth_endpoints(oauth, feed, pages, farewell),
        *consent_endpoints(oauth.engine, pages),
        *DevicePages(oauth.engine, pages).endpoints(),
        *RequestPages(oauth.engine, pages).endpoints(),
    )
    feed.poll()
    endpoints = {(each.method, each.path): each for each in routes}
    return House(durable, clock, feed, oauth, register, endpoints, pages)


@pytest.fixture(scope="session")
def keyed(tmp_path_factory: pytest.TempPathFactory, migrated_folder: Path) -> Path:
    """An embedded store whose rings have their keys, to be copied: an RSA key takes a while to make."""
    folder = tmp_path_factory.mktemp("keyed")
    shutil.copy(migrated_folder / "durable.sqlite", folder)
    durable = open_durable(StoreSettings(path=folder))
    make_house(durable, ManualClock(), folder)
    durable.close()
    return folder


@pytest.fixture
def house(keyed: Path, clock: ManualClock, tmp_path: Path) -> Iterator[House]:
    """On the embedded engine."""
    folder = tmp_path / "house"
    folder.mkdir(mode=0o700)
    for name in ("durable.sqlite", "master.key"):
        shutil.copy2(keyed / name, folder)
    durable = open_durable(StoreSettings(path=folder))
    yield make_house(durable, clock, folder)
    durable.close()


@pytest.fixture
def either(durable: Durable, clock: ManualClock, tmp_path: Path) -> House:
    """On both engines."""
    return make_house(durable, clock, tmp_path)
