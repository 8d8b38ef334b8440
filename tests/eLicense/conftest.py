"""The licence library over HTTP-shaped calls, on both engines, with tokens that the test hands out."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import msgspec
import pytest

import eLicense
import holders
import keys
from eLicense import Library, LicenceSettings, Ports, SourceAnswer
from eLicense.adapters.source_table import SourceTable
from eLicense.errors import SourceDown
from holders import Register
from keys import Keys, KeySettings
from manyou.errors import Problem, Unauthenticated
from store import SQL, Durable, Feed, StoreSettings, open_durable
from web import Call, Catalogue, Endpoint, Pages, Reply, VerifiedAccess
from web.answer import answer
from web.transport import LOCAL_DEMO

ISSUER = "http://localhost:8000"
RESOURCE = f"{ISSUER}/elicence"
_START = 1_790_000_000
BASE = "/elicence/v1"

MARKET, CIVIL, APPROVAL, HEALTH = (
    "11350000MBDEM0023C",
    "11350000MBDEM004XY",
    "11350000MBDEM0066R",
    "11350000MBDEM0058Y",
)
BUSINESS, FOOD, MARRIAGE, ID_CARD = (
    "11350000MBDEM0023C001",
    "11350000MBDEM0023C002",
    "11350000MBDEM004XY001",
    "11350000MBDEM0074L001",
)
LIN, CHEN, HUANG = "350000199001010018", "35000019850615002X", "350000200002290037"
COMPANY = "91350000MADEM00030"


class Clock(Protocol):
    now: int

    def __call__(self) -> int: ...
    def advance(self, seconds: int) -> int: ...


class StandingClock:
    """Gives one second and does not move."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def advance(self, _seconds: int) -> int:
        return self.now


class Tokens:
    """Implements ``AccessTokens``: a token is the name under which an access was put."""

    def __init__(self) -> None:
        self.known: dict[str, VerifiedAccess] = {}

    def verify(self, call: Call, audience: str) -> VerifiedAccess:
        scheme, _, name = (call.header("Authorization") or "").partition(" ")
        access = self.known.get(name)
        if scheme != "Bearer" or access is None or access.audience != audience:
            raise Unauthenticated
        return access

    def put(self, name: str, **more: Any) -> str:
        more.setdefault("client_name", more["client"])
        more.setdefault("scopes", frozenset())
        self.known[name] = VerifiedAccess(audience=RESOURCE, ends=2**31, **more)
        return name


class Police:
    """A source that can be down: the table behind a switch."""

    def __init__(self, table: SourceTable) -> None:
        self._table = table
        self.down = False

    @property
    def name(self) -> str:
        return self._table.name

    @property
    def title(self) -> tuple[str, str]:
        return self._table.title

    def ask(self, type_code: str, holder_key: bytes, now: int) -> SourceAnswer | None:
        if self.down:
            raise SourceDown
        return self._table.ask(type_code, holder_key, now)


@dataclass
class Desk:
    """Everything a test needs to talk to the library."""

    library: Library
    durable: Durable
    keys: Keys
    register: Register
    feed: Feed
    tokens: Tokens
    clock: Clock
    police: Police
    table: SourceTable
    settings: LicenceSettings
    pages: Pages
    issued: int = 0
    _routes: list[Endpoint] = field(default_factory=list)

    def call(
        self,
        method: str,
        path: str,
        token: str | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        call = Call.of(method, f"{BASE}{path}", now=self.clock(), json=json, headers=sent)
        endpoint, args = self._route(method, call.path)
        call.args = args
        return answer(endpoint, call, self.pages)

    def _route(self, method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
        parts = path.split("/")
        for endpoint in sorted(self.library.endpoints, key=lambda each: each.path.count("<")):
            pattern = endpoint.path.split("/")
            if endpoint.method == method and len(pattern) == len(parts):
                args = {p[1:-1]: v for p, v in zip(pattern, parts, strict=True) if p.startswith("<")}
                if all(p == v or p.startswith("<") for p, v in zip(pattern, parts, strict=True)):
                    return endpoint, args
        raise AssertionError(f"no route {method} {path}")

    def ok(self, method: str, path: str, token: str | None = None, json: Any = None, **more: Any) -> Any:
        reply = self.call(method, path, token, json, **more)
        assert reply.status in {200, 201}, reply.body
        return msgspec.json.decode(reply.body)

    def refused(self, method: str, path: str, token: str | None = None, json: Any = None, **more: Any) -> str:
        reply = self.call(method, path, token, json, **more)
        assert reply.status >= 400, reply.body
        code: str = msgspec.json.decode(reply.body)["code"]
        return f"{reply.status} {code}"

    # who

    def authority(self, uscc: str = MARKET) -> str:
        return self.tokens.put(
            f"authority-{uscc}", client=f"authority-{uscc}", scopes=frozenset({"issue"}), agency_uscc=uscc
        )

    def person(self, number: str, level: int = 3) -> str:
        key = self.register.enrol("111", number, "test").holder_key
        return self.tokens.put(
            f"person-{number}-{level}",
            client="portal",
            scopes=frozenset({"file"}),
            holder_key=key,
            level=level,
            strength=1,
        )

    def company(self, uscc: str = COMPANY, number: str = CHEN, level: int = 3) -> str:
        person = self.tokens.known[self.person(number, level)]
        key = self.register.enrol("001", uscc, "test").holder_key
        name = f"company-{uscc}-{level}"
        self.tokens.known[name] = replace(person, acting_for=key, office="legal_representative")
        return name

    def hall(
        self,
        holder_token: str,
        matter: str,
        purpose: str = "办理业务",
        number: str = "CASE-1",
        client: str = "hall",
        **more: Any,
    ) -> str:
        detail = {"type": "elicence", "matter": matter, "purpose": purpose, "business_number": number}
        with suppress(Problem):  # without a grant there is nothing to agree to
            detail = dict(self.library.detail_type.validate(detail, client))
        name = f"{client}-for-{holder_token}-{matter}-{number}"
        self.tokens.known[name] = replace(
            self.tokens.known[holder_token],
            client=client,
            client_name=f"大厅 {client}",
            scopes=frozenset(),
            authorization_details=(detail,),
            **more,
        )
        return name

    def verifier(self, client: str = "inspection", kind: str = "registered") -> str:
        return self.tokens.put(
            f"verifier-{client}",
            client=client,
            client_name=f"检查 {client}",
            scopes=frozenset({"check"}),
            verifier=kind,
        )

    # what

    def issue(self, body: dict[str, Any], token: str | None = None, key: str | None = None) -> Any:
        self.issued += 1
        headers = {"Idempotency-Key": key or f"request-{self.issued:06d}"}
        issued = self.ok("POST", "/licences", token or self.authority(), body, headers=headers)
        self.clock.advance(1)  # so that what follows stands after it in the trace
        return issued

    def food(self, **more: Any) -> Any:
        return self.issue(food_permit(**more))

    def marriage(self) -> Any:
        return self.issue(marriage_certificate(), self.authority(CIVIL))

    def transition(self, identifier: str, operation: str, token: str | None = None, **more: Any) -> Any:
        body = {"operation": operation, "reason": "现场检查", **more}
        return self.ok("POST", f"/licences/{identifier}/transitions", token or self.authority(), body)

    def mint(self, licence_id: str, token: str) -> Any:
        return self.ok("POST", "/codes", token, {"licence_id": licence_id})

    def check(self, code: str, token: str | None = None, **more: Any) -> Any:
        return self.ok("POST", "/codes/check", token, {"code": code, **more})

    def use(self, token: str, matter: str, purpose: str = "办理业务", number: str = "CASE-1") -> Any:
        self.clock.advance(1)
        return self.ok("POST", "/uses", token, use_body(matter, purpose, number))

    def trace(self, token: str) -> list[Any]:
        events: list[Any] = self.ok("GET", "/trace", token)["events"]
        return events

    def count(self, table: str) -> int:
        row = self.durable.read(lambda tx: tx.row(SQL(f"SELECT COUNT(*) FROM {table}")))  # noqa: S608
        assert row is not None
        return int(row[0])


def use_body(matter: str, purpose: str = "办理业务", number: str = "CASE-1") -> dict[str, str]:
    return {"matter": matter, "purpose": purpose, "business_number": number}


def food_permit(number: str = LIN, document_type: str = "111", **more: Any) -> dict[str, Any]:
    return {
        "type": FOOD,
        "region": "350102",
        "holders": [{"document_type": document_type, "number": number, "name": "林漫"}],
        "fields": {"operator": "林漫小吃店", "form": "餐饮服务", "premises": "漫游路1号"},
        "valid_from": "2026-01-01",
        "valid_until": "2030-12-31",
        "number": "JY23501020000001",
        **more,
    }


def business_licence() -> dict[str, Any]:
    return {
        "type": BUSINESS,
        "region": "350000",
        "holders": [{"document_type": "001", "number": COMPANY, "name": "示范漫游食品有限公司"}],
        "fields": {"name": "示范漫游食品有限公司", "representative": "陈小游"},
        "valid_from": "2019-03-18",
    }


def marriage_certificate() -> dict[str, Any]:
    return {
        "type": MARRIAGE,
        "region": "350000",
        "holders": [
            {"document_type": "111", "number": LIN, "name": "林漫", "role": "husband"},
            {"document_type": "111", "number": CHEN, "name": "陈小游", "role": "wife"},
        ],
        "fields": {
            "registered_on": "2018-05-20",
            "husband_name": "林漫",
            "husband_number": LIN,
            "wife_name": "陈小游",
            "wife_number": CHEN,
        },
        "valid_from": "2018-05-20",
    }


def make_desk(durable: Durable, clock: Clock, folder: Path, **settings: Any) -> Desk:
    path = folder / "master.key"
    if not path.exists():
        keys.create_master_key(path, environment="development")
    rings = keys.build(
        KeySettings(master_key_file=path, deployment="test", issuer=ISSUER, publish_ahead=600), durable, clock
    )
    register = holders.build(durable, rings, clock)
    feed = Feed(durable)
    tokens = Tokens()
    made = LicenceSettings(
        issuer=ISSUER, deployment="test", verifier_url="HTTP://127.0.0.1:8000/V/", **settings
    )
    table = SourceTable("police", ("示范省公安厅", "Police of the demo province"), durable, register)
    police = Police(table)
    library = eLicense.build(made, Ports(durable, rings, register, feed, tokens, clock, {"police": police}))
    definition = eLicense.catalogue.read(Path(__file__).with_name("catalogue.toml"))
    eLicense.catalogue.load(definition, durable=durable, keys=rings, now=clock())
    feed.poll()
    root = Path(eLicense.__file__).parent.parent
    pages = Pages(
        site="provider",
        templates=[root / "web" / "templates"],
        catalogue=Catalogue.load([root / "web" / "texts.toml", eLicense.TEXTS]),
        transport=LOCAL_DEMO,
        mac=lambda data: data,
    )
    return Desk(library, durable, rings, register, feed, tokens, clock, police, table, made, pages)


@pytest.fixture(scope="session")
def key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the run's master key lies."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="session")
def migrated_folder(
    migrated_folder: Path, key_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The house's empty store with rings and catalogue in it: made once, since RSA keys take their time."""
    folder = tmp_path_factory.mktemp("stocked")
    shutil.copy(migrated_folder / "durable.sqlite", folder)
    durable = open_durable(StoreSettings(path=folder))
    make_desk(durable, StandingClock(_START), key_folder)
    durable.close()
    return folder


@pytest.fixture
def desk(durable: Durable, clock: Clock, key_folder: Path) -> Desk:
    """The library with the test's catalogue, on both engines."""
    return make_desk(durable, clock, key_folder)


@pytest.fixture
def embedded(sqlite_durable: Durable, clock: Clock, key_folder: Path) -> Desk:
    """For what no engine decides."""
    return make_desk(sqlite_durable, clock, key_folder)
