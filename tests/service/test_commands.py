"""The command line beside a running server, which takes every change over by the news, without a restart."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests

from service.demo.folder import Demo
from tests.service.conftest import HIDDEN, LIN
from tests.service.server import Server, until

NEWS_SECONDS = 3
PERSON = "kind,document_type,number,name,state\nperson,111,{number},{name},{state}\n"
MATTER = """
[[matters]]
code = "demo-new-matter"
zh = "新事项"
en = "A new matter"
agency = "11350000MBDEM0023C"
region = "350000"
materials = []
"""


@pytest.fixture(scope="module")
def server(demo: Demo) -> Iterator[Server]:
    found = Server(demo.folder, demo.port, {"MANYOU_KEYS__PUBLISH_AHEAD": "3"})
    with found.running():
        yield found


def kids(server: Server) -> set[str]:
    return {each["kid"] for each in requests.get(f"{server.origin}/jwks", timeout=5).json()["keys"]}


def token(server: Server) -> str:
    """A signed access token of a service that nobody logged in for."""
    client = next(each for each in server.facts()["clients"] if each["client_id"] == "records-service")
    answer = requests.post(
        f"{server.origin}/token",
        {"grant_type": "client_credentials", "resource": client["resources"][0]},
        auth=(client["client_id"], client["client_secret"]),
        timeout=5,
    )
    return str(answer.json()["access_token"])


def kid_of(signed: str) -> str:
    head = signed.partition(".")[0]
    return str(json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"])


def test_a_rotation_is_published_used_and_refuses_no_token(server: Server) -> None:
    first = token(server)
    before = kids(server)
    for ring in ("access-token", "id-token"):
        rotated = server.beside("keys", "rotate", ring)
        assert rotated.returncode == 0, rotated.stderr
        new = rotated.stdout.strip()
        until(lambda new=new: new in kids(server), NEWS_SECONDS)
        if ring == "access-token":
            successor = new
    assert before < kids(server)
    fetched = requests.get(f"{server.origin}/jwks", timeout=5).json()["keys"]
    by_kid: dict[str, Any] = {each["kid"]: jwt.PyJWK(each).key for each in fetched if each["use"] == "sig"}

    def verified() -> str:
        signed = token(server)  # by a key that was published when we fetched the set, whichever
        for each in (first, signed):
            jwt.decode(each, by_kid[kid_of(each)], ["ES256"], options={"verify_aud": False})
        return kid_of(signed)

    until(lambda: verified() == successor, 15)
    assert before < kids(server)  # what was signed before still verifies


def test_what_cannot_be_rotated_is_told_in_one_line(server: Server) -> None:
    refused = server.beside("keys", "rotate", "no-such-ring")
    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: ")
    assert "Traceback" not in refused.stderr


def logged_in(server: Server) -> requests.Session:
    browser = requests.Session()
    page = browser.get(f"{server.origin}/login", timeout=5)
    hidden = HIDDEN.search(page.text)
    assert hidden
    person = next(each for each in server.facts()["people"] if each["number"] == LIN)
    form = {"csrf": hidden[1], "identifier": LIN, "password": person["password"]}
    browser.post(
        f"{server.origin}/login", form, headers={"Origin": server.origin}, allow_redirects=False, timeout=5
    )
    return browser


def known(server: Server, browser: requests.Session) -> bool:
    return browser.get(f"{server.origin}/account", allow_redirects=False, timeout=5).status_code == 200


def test_a_person_whom_the_registry_disables_is_out_at_once(server: Server, tmp_path: Path) -> None:
    with logged_in(server) as browser:
        assert known(server, browser)
        file = tmp_path / "registry.csv"
        file.write_text(PERSON.format(number=LIN, name="林漫", state="停用"), "utf-8")
        imported = server.beside("registry", "import", str(file))
        assert (imported.returncode, imported.stdout) == (0, "new 0, changed 1, same 0, bad 0\n")
        until(lambda: not known(server, browser), NEWS_SECONDS)
        file.write_text(PERSON.format(number=LIN, name="林漫", state="正常"), "utf-8")
        assert server.beside("registry", "import", str(file)).returncode == 0


def test_bad_rows_are_told_by_line(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "registry.csv"
    file.write_text(PERSON.format(number="350000199001010019", name="假人", state=""), "utf-8")
    imported = server.beside("registry", "import", str(file))
    assert imported.returncode == 1
    assert imported.stderr.startswith("line 2: ")
    assert "350000199001010019" not in imported.stderr


def test_a_new_matter_is_offered_at_once(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "catalogue.toml"
    file.write_text(MATTER, "utf-8")
    loaded = server.beside("catalogue", "load", str(file))
    assert (loaded.returncode, loaded.stdout) == (0, "changed 1\n"), loaded.stderr
    matters = f"{server.origin}/elicence/v1/matters"
    until(lambda: "demo-new-matter" in requests.get(matters, timeout=5).text, NEWS_SECONDS)
