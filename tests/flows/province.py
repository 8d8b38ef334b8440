"""The demo province as a server of its own: started on free ports in a folder of its own, ended with all.

``Province`` is what a test knows of it: the addresses, ``demo.json``, and how to start, kill and stop it.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from manyou.hall import Hall

__all__ = [
    "CATERING",
    "CHEN",
    "FOOD",
    "HUANG",
    "LIN",
    "SNACKS",
    "WANG",
    "Province",
    "food_permit",
    "free_ports",
    "one_time_code",
]

CHECKOUT = Path(__file__).parents[2]
LIN, CHEN, HUANG, WANG = (
    "350000199001010018",
    "35000019850615002X",
    "350000200002290037",
    "350000199205050097",
)
FOOD, CATERING, SNACKS = "91350000MADEM00030", "91350000MADEM0011T", "92350000MADEM010X3"
STEP_SECONDS = 30
READY_SECONDS = 30.0


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on; held open together, so that they differ."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def demo_ports() -> list[int]:
    """Provider, hall A, hall B, and the Java hall, which is registered on the port after hall B's.

    443 above the provider's port is free too: over https that is where certificates are asked for.
    """
    while True:
        ports = free_ports(3)
        with ExitStack() as held, suppress(OSError, OverflowError):
            for port in (ports[2] + 1, ports[0] + 443):
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return [*ports, ports[2] + 1]


def one_time_code(secret: str, step: int) -> str:
    """The eight digits of a time step (RFC 6238), by the standard's own text and none of our modules."""
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 15
    return f"{(int.from_bytes(digest[offset : offset + 4], 'big') & 0x7FFFFFFF) % 10**8:08d}"


@dataclass(slots=True)
class Province:
    """A running demo; ``halls`` False leaves the two halls out."""

    folder: Path
    halls: bool = True
    ports: list[int] = field(default_factory=demo_ports)
    facts: dict[str, Any] = field(default_factory=dict)
    tls: bool = False
    """Over https, by an authority that demo.json names."""
    _process: subprocess.Popen[bytes] | None = None
    _steps: dict[str, int] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        """The provider's origin."""
        return f"{self._scheme}://localhost:{self.ports[0]}"

    @property
    def portal(self) -> str:
        """The portal's and verifier's origin."""
        return f"{self._scheme}://127.0.0.1:{self.ports[0]}"

    @property
    def hall_a(self) -> str:
        """Hall A's origin."""
        return f"{self._scheme}://127.0.0.1:{self.ports[1]}"

    @property
    def hall_b(self) -> str:
        """Hall B's origin."""
        return f"{self._scheme}://127.0.0.1:{self.ports[2]}"

    @property
    def java_hall(self) -> str:
        """Where examples/java-hall belongs; nobody starts it but the test of it."""
        return f"{self._scheme}://127.0.0.1:{self.ports[3]}"

    @property
    def _scheme(self) -> str:
        return "https" if self.tls else "http"

    def start(self) -> Province:
        """Start the server in a process group of its own and wait until it answers."""
        port, first, second, _ = map(str, self.ports)
        manyou = str(Path(sys.executable).with_name("manyou"))
        command = [manyou, "serve", "--demo", "--folder", str(self.folder)]
        command += ["--port", port, "--halls", first, second, *([] if self.halls else ["--no-halls"])]
        command += ["--tls"] if self.tls else []
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=CHECKOUT, stdout=log, stderr=log, start_new_session=True
            )
        self._wait(f"{self.issuer}/.well-known/openid-configuration")
        self.facts = json.loads((self.folder / "demo.json").read_text("utf-8"))
        now = int(time.time()) // STEP_SECONDS
        for person in self.facts["people"]:
            self._steps.setdefault(person["number"], now - 1)
        if self.halls:
            self._wait(f"{self.hall_a}/")
            self._wait(f"{self.hall_b}/")
        return self

    def kill(self) -> None:
        """End the whole process group at once, as kill -9 does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and see that it does."""
        self._end(signal.SIGTERM)

    def person(self, number: str) -> dict[str, Any]:
        """What demo.json says of a person."""
        found: dict[str, Any] = next(each for each in self.facts["people"] if each["number"] == number)
        return found

    def client(self, client_id: str) -> dict[str, Any]:
        """What demo.json says of a client."""
        found: dict[str, Any] = next(each for each in self.facts["clients"] if each["client_id"] == client_id)
        return found

    def hall(self, client_id: str) -> Hall:
        """The SDK as that client."""
        client = self.client(client_id)
        uris = client["redirect_uris"]
        return Hall(self.issuer, client_id, client["client_secret"], redirect_uri=uris[0] if uris else "")

    def otp(self, number: str) -> str:
        """A one-time code that was not used yet; waits where the living ones all were."""
        step = max(self._steps[number] + 1, int(time.time()) // STEP_SECONDS - 1)
        while step > int(time.time()) // STEP_SECONDS + 1:
            time.sleep(0.2)
        self._steps[number] = step
        return one_time_code(self.person(number)["totp_secret"], step)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, how)
            process.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def _context(self) -> ssl.SSLContext | None:
        authority = self.folder / "tls" / "ca.pem"  # seeding makes it
        if not self.tls:
            return None
        return ssl.create_default_context(cafile=authority if authority.exists() else None)

    def _wait(self, address: str) -> None:
        until = time.monotonic() + READY_SECONDS
        while True:
            try:
                urllib.request.urlopen(address, timeout=5, context=self._context()).close()
                return
            except (urllib.error.URLError, OSError):
                dead = self._process is None or self._process.poll() is not None
                if dead or time.monotonic() > until:
                    log = self.folder.parent / f"{self.folder.name}.log"
                    raise RuntimeError(
                        f"{address} does not answer:\n{log.read_text('utf-8')[-3000:]}"
                    ) from None
                time.sleep(0.02)


def food_permit(number: str, holder: str = FOOD, name: str = "示范漫游食品有限公司") -> dict[str, Any]:
    """The body of ``POST /licences`` for a food business permit; ``number``: JY and 14 digits."""
    return {
        "type": "11350000MBDEM0023C002",
        "region": "350000",
        "holders": [{"document_type": "001", "number": holder, "name": name}],
        "valid_from": "2026-01-01",
        "valid_until": "2030-12-31",
        "number": number,
        "fields": {
            "permit_number": number,
            "operator": name,
            "business_form": "食品销售经营者",
            "items": "预包装食品销售；散装食品销售",
            "premises": "示范省福乐市漫游路1号",
            "manager": "陈小游",
        },
    }
