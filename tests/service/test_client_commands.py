"""``manyou client`` and ``manyou registration-token`` beside a running server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from service.demo.folder import Demo
from tests.service.server import Server, until

NEWS_SECONDS = 3
HALL = ("name_zh=大厅丙", "name_en=Hall C", "redirect_uris=https://hall-c.example/callback", "scopes=openid")


@pytest.fixture(scope="module")
def server(demo: Demo) -> Iterator[Server]:
    found = Server(demo.folder, demo.port, {})
    with found.running():
        yield found


def run(server: Server, *words: str) -> str:
    done = server.beside(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def known(server: Server, secret: str) -> bool:
    form = {"grant_type": "x"}
    return (
        requests.post(f"{server.origin}/token", form, auth=("hall-c", secret), timeout=5).status_code == 400
    )


def test_a_client_from_its_first_day_to_its_last(server: Server, tmp_path: Path) -> None:
    first = run(server, "client", "add", "hall-c", *HALL)
    assert known(server, first)
    second = run(server, "client", "rotate-secret", "hall-c")
    until(lambda: known(server, second), NEWS_SECONDS)
    assert known(server, first)
    note = tmp_path / "name"
    note.write_text("大厅丙（新）", "utf-8")
    assert run(server, "client", "change", "hall-c", f"name_zh=@{note}") == "changed"
    assert json.loads(run(server, "client", "show", "hall-c"))["name_zh"] == "大厅丙（新）"
    run(server, "client", "disable", "hall-c")
    until(lambda: not known(server, second), NEWS_SECONDS)
    assert "hall-c disabled" in run(server, "client", "list").splitlines()
    run(server, "client", "enable", "hall-c")
    until(lambda: known(server, second), NEWS_SECONDS)


def test_what_is_wrong_is_told_without_a_traceback(server: Server) -> None:
    for words, said in (
        (("client", "add", "hall-d"), "name_zh"),
        (("client", "add", "hall-d", "colour=red"), "no such field"),
        (("client", "add", "hall-d", "colour"), "FIELD=VALUE"),
        (("client", "change", "nobody", "name_zh=x"), "no_such_client"),
        (("registration-token", "--profile", "x"), "fapi2"),
        (("registration-token", "--scope", "root"), "no such scope"),
    ):
        done = server.beside(*words)
        assert done.returncode != 0
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_a_token_lets_a_client_register_itself(server: Server) -> None:
    token = run(server, "registration-token", "--scope", "openid profile")
    headers = {"Authorization": f"Bearer {token}"}
    metadata = {"redirect_uris": ["https://hall-e.example/callback"], "client_name": "Hall E"}
    made = requests.post(f"{server.origin}/register", json=metadata, headers=headers, timeout=5)
    assert made.status_code == 201, made.text
    own = {"Authorization": f"Bearer {made.json()['registration_access_token']}"}
    shown = requests.get(made.json()["registration_client_uri"], headers=own, timeout=5)
    assert shown.json()["client_name"] == "Hall E"
    demos = {"Authorization": f"Bearer {server.facts()['initial_access_token']}"}
    assert (
        requests.post(f"{server.origin}/register", json=metadata, headers=demos, timeout=5).status_code == 201
    )
    again = requests.post(f"{server.origin}/register", json=metadata, headers=headers, timeout=5)
    assert again.status_code == 401
    assert requests.delete(made.json()["registration_client_uri"], headers=own, timeout=5).status_code == 204
