"""The one outbound fetcher: resolve once, connect to that very address, no redirects, all bounded.

    fetcher = Fetcher(settings.fetch)
    document = fetcher.get("https://hall.example/jwks").body
    answer = fetcher.post(url, body, "application/x-www-form-urlencoded")

The host's name is asked for once and its address judged (``web.outbound``), so a name that points elsewhere a
moment later (DNS rebinding) changes nothing; the certificate is still the host's. No proxy of the environment
is used, no cookie and no credential sent. Whatever goes wrong is a ``NotFetched``.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import msgspec
from typing_extensions import override

from web.errors import FetchForbidden, NotFetched
from web.outbound import FetchSettings, Target, may_reach, target

if TYPE_CHECKING:
    from typing import Any, Self

__all__ = ["Fetched", "Fetcher"]

MOST: Final = 64 * 1024
"""Bytes of a body, where the caller names no other bound."""
HEAD_MOST: Final = 32 * 1024
TRIED_MOST: Final = 2
"""Addresses of one name that are tried."""

Resolve = Callable[[str, int], list[str]]


class Fetched(msgspec.Struct, frozen=True):
    """An answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, in the system's order.

    Raises:
        OSError: it has none.
    """
    return [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Fetcher:
    """Fetches for all rooms of a worker; thread-safe, keeps no connection."""

    def __init__(self, settings: FetchSettings, *, resolver: Resolve = resolve) -> None:
        """Read the authorities now, so that a missing file is told at start."""
        self._settings = settings
        self._resolver = resolver
        self._tls = ssl.create_default_context(cafile=settings.ca_file)
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self._own = ssl.create_default_context()
        self._own.check_hostname = False
        self._own.verify_mode = ssl.CERT_NONE
        self._places = threading.BoundedSemaphore(settings.at_once)
        # the system's resolver takes no time limit, so it is waited for from outside
        self._asking = ThreadPoolExecutor(settings.at_once, thread_name_prefix="web-resolve")

    def get(self, url: str, *, accept: str = "application/json", most: int = MOST) -> Fetched:
        """The document at a URL: an answer with status 200.

        Raises:
            NotFetched: forbidden, or no such answer within the bounds.
        """
        found = self._fetch("GET", url, b"", {"Accept": accept}, most)
        if found.status != 200:
            raise NotFetched(detail=f"status {found.status}")
        return found

    def post(
        self,
        url: str,
        body: bytes,
        content_type: str,
        *,
        headers: Mapping[str, str] | None = None,
        most: int = MOST,
    ) -> Fetched:
        """Send a body; any status is an answer, and a redirect is not followed.

        Raises:
            NotFetched: forbidden, or no answer within the bounds.
        """
        sent = {**(headers or {}), "Content-Type": content_type, "Content-Length": str(len(body))}
        return self._fetch("POST", url, body, sent, most)

    def may_fetch(self, url: str) -> None:
        """Judge a URL's form, as a registration does: https, or http where loopback may be reached at all.

        Raises:
            FetchForbidden: such a URL is never fetched.
        """
        if not target(url).secure and self._settings.loopback == "refused":
            raise FetchForbidden(detail="http")

    def _fetch(self, method: str, url: str, body: bytes, headers: Mapping[str, str], most: int) -> Fetched:
        self.may_fetch(url)
        if not self._places.acquire(timeout=1):
            raise NotFetched("Try again later; too much is being fetched just now.", detail="at_once")
        try:
            return self._exchange(target(url), _request(method, target(url), body, headers), most)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NotFetched(detail=type(error).__name__) from error
        finally:
            self._places.release()

    def _exchange(self, to: Target, request: bytes, most: int) -> Fetched:
        deadline = time.monotonic() + self._settings.seconds
        with _Wire(self._connect(to, deadline), deadline, most + HEAD_MOST) as wire:
            wire.send(request)
            answer = http.client.HTTPResponse(wire)  # type: ignore[arg-type]  # asks for makefile alone
            answer.begin()
            body = answer.read(most + 1)
            if len(body) > most:
                raise NotFetched(detail="too large")
            if answer.length:
                raise NotFetched(detail="cut short")
            found = {name.lower(): value for name, value in answer.getheaders()}
            if found.get("content-encoding", "identity") != "identity":
                raise NotFetched(detail="encoded, though identity was asked for")
            return Fetched(answer.status, found, body)

    def _connect(self, to: Target, deadline: float) -> socket.socket:
        addresses = self._asking.submit(self._resolver, to.host, to.port).result(_left(deadline))
        allowed = [each for each in addresses if may_reach(each, self._settings, secure=to.secure)]
        if not allowed:
            raise FetchForbidden(detail="no address of the host may be reached")
        for place, address in enumerate(allowed[:TRIED_MOST], 1):
            try:
                plain = socket.create_connection((address, to.port), _left(deadline))
                break
            except OSError:
                if place == min(len(allowed), TRIED_MOST):
                    raise
        if not to.secure:
            return plain
        try:
            plain.settimeout(_left(deadline))
            return self._context(plain).wrap_socket(plain, server_hostname=to.host)
        except BaseException:
            plain.close()
            raise

    def _context(self, connection: socket.socket) -> ssl.SSLContext:
        """Whom to believe: the authorities; a test's own server on this machine stands for itself."""
        found = ipaddress.ip_address(connection.getpeername()[0])
        own = self._settings.loopback == "DevelopmentAnyCertificate" and found.is_loopback
        return self._own if own else self._tls


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _request(method: str, to: Target, body: bytes, headers: Mapping[str, str]) -> bytes:
    lines = [f"{method} {to.path} HTTP/1.1", f"Host: {to.authority}", "User-Agent: manyou"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += ["Accept-Encoding: identity", "Connection: close"]
    if any(not line.isascii() or not line.isprintable() for line in lines):
        raise ValueError("a line that HTTP does not carry")
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Wire:
    """A connection that is read to a deadline and a number of bytes, however slowly the other side drips."""

    def __init__(self, connection: socket.socket, deadline: float, most: int) -> None:
        self._connection = connection
        self._deadline = deadline
        self._most = most

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def send(self, data: bytes) -> None:
        self._connection.settimeout(_left(self._deadline))
        self._connection.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What ``http.client`` reads from."""
        return io.BufferedReader(_Bounded(self._receive))

    def _receive(self, buffer: memoryview) -> int:
        self._connection.settimeout(_left(self._deadline))
        count = self._connection.recv_into(buffer)
        self._most -= count
        if self._most < 0:
            raise NotFetched(detail="too large")
        return count


class _Bounded(io.RawIOBase):
    def __init__(self, receive: Callable[[memoryview], int]) -> None:
        self._receive = receive

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Any) -> int:
        return self._receive(memoryview(buffer))
