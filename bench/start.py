"""How soon the server answers after it was started, and how much memory it holds after the story.

    .venv/bin/python -m bench.start

Start: from exec to the first 200 of discovery, wall clock, not the first time in its folder; median of five.
Memory: resident pages of all its processes, after a company was logged in at the portal, a permit issued to
it, shown as a code, checked and revoked. Pages that two processes share count twice.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import requests

from bench.drive import process_tree
from bench.process import free_port
from manyou.hall import Hall

__all__ = ["measure"]

STARTS = 5
START_LIMIT_US = 1_000_000
MEMORY_LIMIT_KIB = 120 * 1024
ANSWER_SECONDS = 60
PERMIT = "11350000MBDEM0023C002"
HIDDEN = re.compile(r'name="csrf"[^>]*value="([^"]*)"')
LICENCE = re.compile(r'href="/licences/([0-9a-f]+)"')


def measure() -> list[dict[str, Any]]:
    """Two rows for var/bench.json; the units stand in their names."""
    Path("var").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir="var", prefix="bench-start-") as folder:
        server = _Server(Path(folder))
        with server.running():  # the first time it seeds the folder
            pass
        seconds = []
        for _ in range(STARTS):
            with server.running() as (_, took):
                seconds.append(took)
        with server.running() as (pid, _):
            _story(server.folder)
            kibibytes = sum(map(_resident, process_tree(pid)))
    return [
        _row("start (wall µs)", median(seconds) * 1_000_000, START_LIMIT_US),
        _row("memory after the story (KiB)", kibibytes, MEMORY_LIMIT_KIB),
    ]


def _row(operation: str, figure: float, limit: int) -> dict[str, Any]:
    return {
        "operation": operation,
        "engine": "sqlite",
        "ours_us": round(figure),
        "peer_us": None,
        "ratio": None,
        "limit_us": limit,
    }


class _Server:
    """`manyou serve --demo` without the halls, which are processes of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._port = folder, free_port()

    @contextmanager
    def running(self) -> Iterator[tuple[int, float]]:
        """Its process id, and seconds from exec to the first answer."""
        command = [str(Path(sys.executable).with_name("manyou")), "serve", "--demo", "--no-halls"]
        command += ["--folder", str(self.folder), "--port", str(self._port)]
        begun = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            while not self._answers():
                if process.poll() is not None or time.monotonic() - begun > ANSWER_SECONDS:
                    raise RuntimeError("our server did not start")
                time.sleep(0.005)
            yield process.pid, time.monotonic() - begun
        finally:
            process.terminate()
            process.wait(ANSWER_SECONDS)

    def _answers(self) -> bool:
        request = (
            f"GET /.well-known/openid-configuration HTTP/1.1\r\nHost: localhost:{self._port}\r\n"
            "Connection: close\r\n\r\n"
        )
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=5) as connection:
                connection.sendall(request.encode())
                return connection.recv(12) == b"HTTP/1.1 200"
        except OSError:
            return False


def _resident(pid: int) -> int:
    """KiB of the process that are in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def _story(folder: Path) -> None:
    facts = json.loads((folder / "demo.json").read_text("utf-8"))
    company = next(each for each in facts["companies"] if each["uscc"].startswith("92"))
    authority = _client(facts, "market-supervision")
    token = authority.client_token(scope="issue", resource=facts["elicence"]["resource"]).access_token
    issued = authority.licences.issue(token, _permit(company), idempotency_key="bench-start-permit")
    with requests.Session() as browser:
        page = browser.get(f"{facts['portal']}/login", timeout=30)
        page = _fill(browser, page, facts["issuer"], identifier=company["uscc"])
        number = company["offices"][0]["number"]
        person = next(each for each in facts["people"] if each["number"] == number)
        page = _fill(browser, page, facts["issuer"], identifier=number, password=person["password"])
        for licence in set(LICENCE.findall(page.text)):
            for path in ("", "/code", "/code.json"):
                page = browser.get(f"{facts['portal']}/licences/{licence}{path}", timeout=30)
                page.raise_for_status()
            _check(facts, page.json()["url"])
        browser.get(f"{facts['portal']}/trace", timeout=30).raise_for_status()
        browser.get(f"{facts['issuer']}/account", timeout=30).raise_for_status()
    authority.licences.transition(
        token, issued["identifier"], {"operation": "revoke", "reason": "抽检不合格"}
    )


def _client(facts: dict[str, Any], client_id: str) -> Hall:
    found = next(each for each in facts["clients"] if each["client_id"] == client_id)
    return Hall(facts["issuer"], client_id, found["client_secret"])


def _permit(company: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": PERMIT,
        "region": "350000",
        "holders": [{"document_type": "001", "number": company["uscc"], "name": company["name"]}],
        "fields": {
            "permit_number": "JY23500000000017",
            "operator": company["name"],
            "business_form": "餐饮服务经营者",
            "items": "热食类食品制售",
            "premises": "示范省福乐市漫游路 1 号",
        },
        "valid_from": "2026-01-01",
    }


def _fill(
    browser: requests.Session, page: requests.Response, issuer: str, **fields: str
) -> requests.Response:
    if (hidden := HIDDEN.search(page.text)) is None:
        raise RuntimeError(f"no form at {page.url}: {page.status_code}")
    form = {"csrf": hidden[1], **fields}
    return browser.post(page.url, form, headers={"Origin": issuer}, timeout=30)


def _check(facts: dict[str, Any], digits: str) -> None:
    """Somebody on the street looks, then an inspector."""
    api = f"{facts['elicence']['api']}/codes/check"
    requests.post(api, json={"code": digits}, timeout=30).raise_for_status()
    inspector = _client(facts, "market-inspection")
    token = inspector.client_token(scope="check", resource=facts["elicence"]["resource"]).access_token
    inspector.licences.check(digits, token, purpose="bench", business_number="bench-1")


def main() -> int:
    """Measure and print; 1 where a limit is passed."""
    rows = measure()
    for row in rows:
        print(f"{row['operation']:<32}{row['ours_us']:>12}{row['limit_us']:>12}")
    return int(any(row["ours_us"] > row["limit_us"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
