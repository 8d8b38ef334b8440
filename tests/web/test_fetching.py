"""The outbound fetcher against real servers: what is fetched, and every way into our own network refused."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from manyou.errors import BadRequest
from tests.served import Authority, Served, serving
from web.errors import FetchForbidden, NotFetched
from web.fetching import Fetcher
from web.outbound import FetchSettings, may_reach, target

NEAR = FetchSettings(loopback="DevelopmentLoopback", seconds=1)


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as found:
        yield found


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def local(name: str, *addresses: str) -> Any:
    """A resolver that knows one name, and counts."""

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        if host != name:
            raise OSError(host)
        return list(addresses)

    asked: list[str] = []
    resolver.asked = asked  # type: ignore[attr-defined]
    return resolver


def test_a_document_is_fetched(served: Served) -> None:
    url = served.put("/jwks?a=b", {"keys": []}, Content_Type="application/json")
    found = Fetcher(NEAR).get(url)
    assert (found.status, found.body, found.headers["content-type"]) == (
        200,
        b'{"keys":[]}',
        "application/json",
    )
    [(method, path, headers, body)] = served.asked
    assert (method, path, body) == ("GET", "/jwks?a=b", b"")
    assert headers["host"] == served.origin.removeprefix("http://")
    assert not {"cookie", "authorization", "referer"} & headers.keys()


def test_a_body_is_sent_and_any_status_is_an_answer(served: Served) -> None:
    url = served.put("/logout", b"no", status=401)
    found = Fetcher(NEAR).post(url, b"a=b", "text/plain", headers={"Authorization": "Bearer x"})
    assert (found.status, found.body) == (401, b"no")
    assert served.asked[0][3] == b"a=b"
    assert served.asked[0][2]["authorization"] == "Bearer x"
    with pytest.raises(NotFetched):
        Fetcher(NEAR).post(url, b"", "text/plain", headers={"X": "a\r\nHost: b"})


def test_redirects_are_not_followed(served: Served) -> None:
    served.put("/secret", b"secret")
    url = served.put("/moved", b"", status=302, Location=served.origin + "/secret")
    with pytest.raises(NotFetched):
        Fetcher(NEAR).get(url)
    assert Fetcher(NEAR).post(url, b"", "text/plain").status == 302
    assert served.count("/secret") == 0


@pytest.mark.parametrize("status", [201, 204, 301, 404, 500, 503])
def test_other_answers_are_no_document(served: Served, status: int) -> None:
    with pytest.raises(NotFetched) as refused:
        Fetcher(NEAR).get(served.put("/x", b"", status=status))
    assert isinstance(refused.value, BadRequest)  # never a fault of ours


def test_what_is_too_large(served: Served) -> None:
    fetcher = Fetcher(NEAR)
    assert len(fetcher.get(served.put("/fits", bytes(1000)), most=1000).body) == 1000
    endless = served.put_raw("/endless", lambda out: [out.write(b"HTTP/1.1 200 OK\r\n\r\n"), *_pour(out)])
    headers = served.put_raw(
        "/headers", lambda out: [out.write(b"HTTP/1.1 200 OK\r\n"), *_pour(out, b"a: b\r\n")]
    )
    chunks = served.put_raw(
        "/chunks",
        lambda out: [
            out.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            *_pour(out, b"3e8\r\n" + bytes(1000) + b"\r\n"),
        ],
    )
    for url in (served.put("/more", bytes(1001)), endless, headers, chunks):
        with pytest.raises(NotFetched):
            fetcher.get(url, most=1000)


def _pour(out: Any, piece: bytes = bytes(1000)) -> list[None]:
    with contextlib.suppress(OSError):
        for _ in range(10_000):
            out.write(piece)
    return []


def test_who_drips_is_left_in_time(served: Served) -> None:
    """A byte every tenth of a second resets a timeout a read; the deadline stands."""

    def drip(first: bytes, out: Any) -> None:
        out.write(first)
        for _ in range(60):
            time.sleep(0.1)
            out.write(b"a")

    fetcher = Fetcher(NEAR)
    for path, first in (
        ("/head", b"HTTP/1.1 200 OK\r\n"),
        ("/body", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"),
    ):
        url = served.put_raw(path, partial(drip, first))
        begun = time.monotonic()
        with pytest.raises(NotFetched):
            fetcher.get(url)
        assert time.monotonic() - begun < 2


def test_who_is_silent_is_left_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        for scheme in ("http", "https"):
            begun = time.monotonic()
            with pytest.raises(NotFetched):
                Fetcher(NEAR).get(f"{scheme}://127.0.0.1:{port}/")
            assert time.monotonic() - begun < 2


def test_a_resolver_that_hangs_is_left_in_time() -> None:
    hanging = threading.Event()
    fetcher = Fetcher(NEAR, resolver=lambda *_: [str(hanging.wait())])
    begun = time.monotonic()
    with pytest.raises(NotFetched):
        fetcher.get("https://hall.example/")
    assert time.monotonic() - begun < 2
    hanging.set()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"x",
        b"\xff" * 99,
        b"HTTP/9.9 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nx",
    ],
)
def test_answers_that_are_none(served: Served, answer: bytes) -> None:
    with pytest.raises(NotFetched):
        Fetcher(NEAR).get(served.put_raw("/x", lambda out: out.write(answer)))


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(NotFetched):
        Fetcher(NEAR).get(f"http://127.0.0.1:{port}/")
    with pytest.raises(NotFetched):
        Fetcher(NEAR, resolver=local("hall.example")).get("https://other.example/")


def test_only_so_many_at_once(served: Served) -> None:
    gate = threading.Event()
    slow = served.put_raw("/slow", lambda out: gate.wait(3))
    fetcher = Fetcher(FetchSettings(loopback="DevelopmentLoopback", at_once=1))
    first = threading.Thread(target=_quiet, args=(fetcher, slow))
    first.start()
    while not served.count("/slow"):
        time.sleep(0.01)
    with pytest.raises(NotFetched, match="at_once"):
        fetcher.get(served.put("/x", b""))
    gate.set()
    first.join()
    assert fetcher.get(served.put("/x", b"")).status == 200


def _quiet(fetcher: Fetcher, url: str) -> None:
    with contextlib.suppress(NotFetched):
        fetcher.get(url)


# our own network


def test_loopback_is_refused_unless_it_is_named(served: Served) -> None:
    port = served.origin.rpartition(":")[2]
    fetcher = Fetcher(FetchSettings())
    for host in (
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0.0.0.0",  # noqa: S104 - refused
        "[::1]",
        "[::ffff:127.0.0.1]",
    ):
        for scheme in ("http", "https"):
            with pytest.raises(FetchForbidden):
                fetcher.get(f"{scheme}://{host}:{port}/")
    assert served.asked == []


def test_a_name_that_leads_inside(served: Served) -> None:
    port = served.origin.rpartition(":")[2]
    for address in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "fe80::1%1", "::ffff:10.0.0.1"):
        fetcher = Fetcher(FetchSettings(), resolver=local("inside.example", address))
        with pytest.raises(FetchForbidden):
            fetcher.get(f"https://inside.example:{port}/")
    assert served.asked == []


def test_a_name_is_asked_for_once(served: Served) -> None:
    """DNS rebinding: what the name leads to afterwards, nobody looks at."""
    port = served.origin.rpartition(":")[2]
    answers = iter([["127.0.0.1"], ["10.0.0.1"], ["10.0.0.1"]])
    fetcher = Fetcher(NEAR, resolver=lambda *_: next(answers))
    served.put("/", b"first")
    assert fetcher.get(f"http://hall.example:{port}/").body == b"first"
    assert next(answers) == ["10.0.0.1"]
    resolver = local("hall.example", "10.0.0.1", "127.0.0.1")  # of several only what is allowed
    assert Fetcher(NEAR, resolver=resolver).get(f"http://hall.example:{port}/").body == b"first"
    assert resolver.asked == ["hall.example"]


def test_the_environments_proxy_is_not_used(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert Fetcher(NEAR).get(served.put("/", b"x")).body == b"x"


def test_http_is_for_loopback_alone() -> None:
    listed = FetchSettings(networks=("10.0.0.0/8", "0.0.0.0/0"), loopback="DevelopmentLoopback")
    for address in ("10.0.0.1", "8.8.8.8"):
        with pytest.raises(FetchForbidden):
            Fetcher(listed, resolver=local("hall.example", address)).get("http://hall.example/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hall.example/jwks",
        "//hall.example/",
        "ftp://hall.example/",
        "file:///etc/passwd",
        "gopher://hall.example/",
        "https:///x",
        "https://hall.example/#x",
        "https://hall.example/#",
        "https://user@hall.example/",
        "https://user:pw@hall.example/",
        "https://hall.example:0/",
        "https://hall.example:99999/",
        "https://hall.example:x/",
        "https://[::1/",
        "https://hall.example/\r\nHost: x",
        "https://hall.example/ x",
        "https://hall.example\\@127.0.0.1/",
        "https://大厅.example/",
        "https://hall.example/" + "a" * 2048,
    ],
)
def test_urls_that_are_never_fetched(url: str) -> None:
    with pytest.raises(FetchForbidden):
        target(url)
    with pytest.raises(FetchForbidden):
        Fetcher(NEAR).may_fetch(url)


@pytest.mark.parametrize(
    ("networks", "address", "reached"),
    [
        ((), "8.8.8.8", False),
        (("0.0.0.0/0",), "8.8.8.8", True),
        (("::/0",), "8.8.8.8", False),
        (("::/0",), "2606:4700::1", True),
        (("8.8.8.0/24",), "8.8.4.4", False),
        (("0.0.0.0/0",), "10.1.2.3", False),
        (("0.0.0.0/0", "10.1.0.0/16"), "10.1.2.3", True),
        (("0.0.0.0/0", "10.1.0.0/16"), "10.2.2.3", False),
        (("10.0.0.0/7",), "10.1.2.3", False),  # half of it is public
        (("100.64.0.0/10",), "100.64.0.1", True),
        (("0.0.0.0/0",), "100.64.0.1", False),
        (("0.0.0.0/0", "169.254.0.0/16"), "169.254.169.254", False),
        (("127.0.0.0/8",), "127.0.0.1", False),
        (("0.0.0.0/0",), "224.0.1.1", False),
        (("0.0.0.0/0", "0.0.0.0/8"), "0.0.0.0", False),  # noqa: S104 - refused
        (("::/0",), "fd00::1", False),
        (("fd00::/8",), "fd00::1", True),
        (("::/0",), "fe80::1", False),
        (("::/0",), "::ffff:10.0.0.1", False),
        (("::/0",), "::ffff:127.0.0.1", False),
        (("::/0",), "64:ff9b::7f00:1", False),
        (("::/0",), "64:ff9b::a00:1", False),
        (("::/0",), "::7f00:1", False),
        (("::/0",), "::a00:1", False),
        (("::/0",), "::1", False),
        (("::/0",), "fec0::1", False),
        (("::/0", "fec0::/10"), "fec0::1", False),
        (("::/0",), "2002:7f00:1::", False),
        (("::/0",), "2002:a00:1::", False),
        (("0.0.0.0/0",), "hall.example", False),
    ],
)
def test_networks(networks: tuple[str, ...], address: str, reached: bool) -> None:  # noqa: FBT001
    assert may_reach(address, FetchSettings(networks=networks), secure=True) is reached


def test_settings_name_all_faults_at_once() -> None:
    with pytest.raises(ValueError, match=r"networks.*seconds.*at_once"):
        FetchSettings(networks=("everywhere",), seconds=0, at_once=0)


# certificates


def test_a_certificate_is_the_hosts_by_the_operators_authority(authority: Authority, tmp_path: Path) -> None:
    ours = FetchSettings(loopback="DevelopmentLoopback", ca_file=authority.file)
    with serving(certificate=authority.issue("hall.example"), name="hall.example") as served:
        url = served.put("/jwks", b"{}")
        resolver = local("hall.example", "127.0.0.1")
        assert Fetcher(ours, resolver=resolver).get(url).body == b"{}"
        other = url.replace("hall.example", "other.example")
        with pytest.raises(NotFetched):  # connected, and it is not the host's
            Fetcher(ours, resolver=local("other.example", "127.0.0.1")).get(other)
        with pytest.raises(NotFetched):  # the system's authorities do not know it
            Fetcher(NEAR, resolver=resolver).get(url)
        assert served.count("/jwks") == 1
        near = FetchSettings(loopback="DevelopmentAnyCertificate")  # this machine's own, whatever it shows
        assert Fetcher(near, resolver=resolver).get(url).body == b"{}"
    with pytest.raises(FileNotFoundError):
        Fetcher(FetchSettings(ca_file=tmp_path / "absent.pem"))
