"""A client's certificate comes from a trusted proxy's header, in two forms, or not at all."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client

import web
from web import LOCAL_DEMO, Call, Catalogue, Endpoint, Pages, Reply, Site, public
from web.application import application
from web.client_certificate import read_certificate
from web.errors import CertificateUnreadable

ROOT = Path(web.__file__).parent
DER = b"\x30\x82\x01\x0a" + bytes(range(256)) + b"\xff"


def pem(der: bytes) -> str:
    text = b64encode(der).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"


def test_both_forms() -> None:
    assert read_certificate(quote(pem(DER), safe="")) == DER
    assert read_certificate(quote(pem(DER), safe="/ -")) == DER
    assert read_certificate(f":{b64encode(DER).decode()}:") == DER


@given(st.binary(min_size=1, max_size=600))
def test_whatever_was_written_is_read(der: bytes) -> None:
    assert read_certificate(quote(pem(der))) == der
    assert read_certificate(f":{b64encode(der).decode()}:") == der


@pytest.mark.parametrize(
    "text",
    [
        "x",
        ":",
        "::",
        ":!:",
        "(null)",
        "MIIB",
        ":" + "A" * 40_000 + ":",
        quote(pem(DER) + pem(DER)),
        quote(pem(b"")),
        quote(pem(DER).replace("END", "BEGIN")),
        "-----BEGIN CERTIFICATE-----",
        "%ff%fe",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(CertificateUnreadable):
        read_certificate(text)


@given(st.text(max_size=300))
def test_junk_never_does_worse(text: str) -> None:
    try:
        assert read_certificate(text)
    except CertificateUnreadable as refused:
        assert refused.mend.isascii()  # noqa: PT017 - either way is right


def _seen(proxies: frozenset[str], named: str, **headers: str) -> list[bytes | None]:
    seen: list[bytes | None] = []

    def note(call: Call) -> Reply:
        seen.append(call.certificate)
        return Reply(200)

    pages = Pages(
        site="provider",
        templates=[ROOT / "templates"],
        catalogue=Catalogue.load([ROOT / "texts.toml"]),
        transport=LOCAL_DEMO,
        mac=lambda data: data,
    )
    endpoint = Endpoint("GET", "/d", note, public("a test"))
    site = Site("provider", "localhost:8000", (endpoint,), proxies, named)
    app = application([(site, pages)], lambda: 0)
    answer = Client(app).get(
        "/d",
        base_url="http://localhost:8000",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        environ_overrides={"REMOTE_ADDR": "127.0.0.1"},
    )
    return seen if answer.status_code == 200 else [answer.data]


def test_only_a_listed_proxy_hands_one_on_and_only_in_the_named_header() -> None:
    text = f":{b64encode(DER).decode()}:"
    proxy = frozenset({"127.0.0.1"})
    assert _seen(proxy, "Client-Cert", Client_Cert=text) == [DER]
    assert _seen(proxy, "Client-Cert", Client_Cert="") == [None]
    assert _seen(proxy, "Client-Cert") == [None]
    assert _seen(proxy, "Client-Cert", X_Client_Cert=text) == [None]
    assert _seen(proxy, "", Client_Cert=text) == [None]
    assert _seen(frozenset({"192.0.2.1"}), "Client-Cert", Client_Cert=text) == [None]
    assert _seen(frozenset(), "Client-Cert", Client_Cert=text) == [None]


def test_an_unreadable_one_is_a_refusal() -> None:
    (answer,) = _seen(frozenset({"127.0.0.1"}), "Client-Cert", Client_Cert="junk")
    assert answer is not None
    assert b"certificate_unreadable" in answer
