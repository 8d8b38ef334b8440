"""The room as the service wires it, on an empty store: registry rows, browsers, a clock that is told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from werkzeug.test import Client, TestResponse

import holders
import keys
from holders import Register
from idp import IdpSettings, Provider, build
from idp.people.registry_import import ImportReport
from keys import Keys, KeySettings
from store import SQL, Durable, Feed, Row, Value, open_expiring
from tests.conftest import ManualClock
from web import LOCAL_DEMO, Catalogue, Pages, Site, application
from web.fetching import Fetcher
from web.outbound import FetchSettings

ROOT = Path(__file__).parents[2]
HOST = "localhost:8000"
PASSWORD = "a long way to Wuyi Shan"
LI = {
    "kind": "person",
    "number": "350000199001010018",
    "name": "李小明",
    "mobile": "13800138000",
}
OUYANG = {"kind": "person", "number": "35000019850615002X", "name": "欧阳娜", "mobile": "13900139001"}
NO_PHONE = {"kind": "person", "number": "350000194110120045", "name": "陈老太"}
COMPANY = {"kind": "organisation", "number": "91350000MADEM00030", "name": "福建漫游食品有限公司"}
OFFICE = {
    "kind": "office",
    "organisation": "91350000MADEM00030",
    "number": "350000199001010018",
    "role": "legal_representative",
}


class Browser:
    """A browser without JavaScript: opens a page, fills in its form, follows."""

    def __init__(self, app: object) -> None:
        self.http = Client(app)  # type: ignore[arg-type]

    def get(self, address: str) -> TestResponse:
        return self.http.get(address, base_url=f"http://{HOST}")

    def send(self, address: str, fields: dict[str, str], *, form_of: str | None = None) -> TestResponse:
        """Send fields with the form token of the page (of ``form_of``, else of the address itself)."""
        page = self.get(form_of or address).text
        found = re.search(r'name="csrf" value="([^"]+)"', page)
        token = found[1] if found else ""
        return self.http.post(address, data={**fields, "csrf": token}, base_url=f"http://{HOST}")

    def log_in(self, number: str, password: str = PASSWORD, **more: str) -> TestResponse:
        return self.send("/login", {"identifier": number, "password": password, **more})

    def cookie(self, name: str) -> str | None:
        found = self.http.get_cookie(name, domain="localhost")
        return found.value if found else None


@dataclass(slots=True)
class House:
    durable: Durable
    keys: Keys
    register: Register
    provider: Provider
    app: object
    clock: ManualClock
    folder: Path
    pages: Pages

    def browser(self) -> Browser:
        return Browser(self.app)

    def import_rows(self, *rows: dict[str, str]) -> ImportReport:
        file = self.folder / "registry.jsonl"
        file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
        return self.provider.registry.run(file, self.clock())

    def holder(self, number: str) -> bytes:
        """The holder of a resident's number or an organisation's code."""
        alias = self.register.aliases(number)[0]
        found = self.register.find(alias.document_type, number)
        assert found is not None
        return found

    def account(self, number: str, password: str = PASSWORD, level: int = 2) -> bytes:
        """An account as a counter would open it."""
        holder = self.holder(number)
        self.provider.accounts.bind_password(holder, password, channel="seen_by_clerk", now=self.clock())
        self.provider.accounts.attest(holder, level, channel="seen_by_clerk", now=self.clock())
        return holder

    def rows(self, sql: str, **p: Value) -> list[Row]:
        return self.durable.read(lambda tx: tx.rows(SQL(sql), **p))

    def messages(self) -> list[tuple[str, str]]:
        """What the development page shows, latest first."""
        page = self.browser().get("/development/sms").text
        return re.findall(r"<li><p><code>([^<]+)</code></p><p>([^<]+)</p>", page)

    def sms_code(self) -> str:
        found = re.search(r"[0-9]{12}", self.messages()[0][1])
        assert found
        return found[0]


def open_house(durable: Durable, clock: ManualClock, folder: Path) -> House:
    key_settings = KeySettings(folder / "master.key", "test", f"http://{HOST}", environment="development")
    if not key_settings.master_key_file.exists():
        keys.create_master_key(key_settings.master_key_file, environment="development")
    ring = keys.build(key_settings, durable, clock)
    register = holders.build(durable, ring, clock)
    pages = Pages(
        site="provider",
        templates=[ROOT / "web/templates", ROOT / "idp/templates"],
        catalogue=Catalogue.load([ROOT / "web/texts.toml", ROOT / "idp/texts.toml"]),
        transport=LOCAL_DEMO,
        mac=lambda data: ring.mac("form", data),
    )
    provider = build(
        IdpSettings(environment="development"),
        issuer=f"http://{HOST}",
        durable=durable,
        expiring=open_expiring(durable, clock),
        keys=ring,
        register=register,
        feed=Feed(durable),
        transport=LOCAL_DEMO,
        pages=pages,
        fetcher=Fetcher(FetchSettings()),
    )
    app = application([(Site("provider", HOST, provider.endpoints), pages)], clock)
    return House(durable, ring, register, provider, app, clock, folder, pages)


@pytest.fixture
def house(sqlite_durable: Durable, clock: ManualClock, tmp_path: Path) -> Iterator[House]:
    """The room on the embedded engine."""
    found = open_house(sqlite_durable, clock, tmp_path)
    yield found
    found.provider.close()


@pytest.fixture
def either_house(durable: Durable, clock: ManualClock, tmp_path: Path) -> Iterator[House]:
    """The room on each engine in turn."""
    found = open_house(durable, clock, tmp_path)
    yield found
    found.provider.close()
