"""Certificates of clients through a real nginx with the shipped block: whose a token is, nobody else says."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
import threading
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from typing_extensions import override
from werkzeug.serving import WSGIRequestHandler, make_server

from idp.oauth.clients.client import Client
from idp.oauth.clients.registered import put
from service.demo.certificate_listener import configure
from service.demo.folder import Demo
from service.demo.nginx import nginx
from service.house import House
from service.settings import SETTINGS_FILE, load_settings
from tests.served import Authority, self_signed
from tests.service.conftest import free_ports
from tests.service.server import until

NGINX = nginx() or "nginx"
SECRET = "s" * 43
FORM = {"grant_type": "client_credentials"}
Pair = tuple[Path, Path]

PLAIN = """
server {{
    listen 127.0.0.1:{port};
    location / {{
        proxy_pass http://127.0.0.1:{behind};
        proxy_set_header Host localhost:{behind};
        proxy_set_header X-Client-Cert "";
    }}
}}
"""


@dataclass(slots=True)
class Place:
    """Where everything listens, and with which certificates."""

    mtls: str
    plain: str
    direct: str
    trust: str
    ours: Pair
    other: Pair

    def token(self, certificate: Pair | None, origin: str | None = None, **headers: str) -> requests.Response:
        return requests.post(
            (origin or self.mtls) + "/token",
            data=FORM,
            auth=("by-certificate", SECRET),
            cert=_files(certificate),
            verify=self.trust,
            headers=headers,
            timeout=10,
        )

    def check(self, token: str, certificate: Pair | None, origin: str | None = None, **headers: str) -> int:
        """A verifier's question to the licence library: 401 says that the token counts for nothing."""
        return requests.post(
            (origin or self.mtls) + "/elicence/v1/codes/check",
            json={"code": "1" * 40},
            headers={"Authorization": f"Bearer {token}", **headers},
            cert=_files(certificate),
            verify=self.trust,
            timeout=10,
        ).status_code


def _files(certificate: Pair | None) -> tuple[str, str] | None:
    return (str(certificate[0]), str(certificate[1])) if certificate else None


class _Quiet(WSGIRequestHandler):
    @override
    def log(self, type: str, message: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def place(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("nginx")
    port, plain = free_ports(2)
    authority = Authority(folder)
    mtls = f"https://localhost:{port}"
    conf = configure(
        folder,
        port=port,
        behind=demo.provider,
        certificate=authority.issue("localhost"),
        header="X-Client-Cert",
        more=PLAIN.format(port=plain, behind=demo.port),
    )
    settings = load_settings(
        {
            SETTINGS_FILE: str(demo.settings_file),
            "MANYOU_SERVER__MTLS": mtls,
            "MANYOU_SERVER__CERTIFICATE_HEADER": "X-Client-Cert",
            "MANYOU_SERVER__TRUSTED_PROXIES": "127.0.0.1",
        }
    )
    house = House.open(settings)
    client = Client(
        client_id="by-certificate",
        name_zh="凭证书的大厅",
        name_en="Hall by certificate",
        secret_hashes=(hashlib.sha256(SECRET.encode()).hexdigest(),),
        grants=("client_credentials",),
        scopes=("check",),
        audiences=(f"{settings.server.provider}/elicence",),
        verifier="registered",
        certificate_bound=True,
    )
    house.durable.write(lambda tx: put(tx, client, 1))
    house.start()
    server = make_server("127.0.0.1", demo.port, house.application, threaded=True, request_handler=_Quiet)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    process = subprocess.Popen([NGINX, "-e", str(folder / "error.log"), "-c", str(conf)])
    try:
        found = Place(
            mtls,
            f"http://127.0.0.1:{plain}",
            settings.server.provider,
            str(authority.file),
            self_signed(folder, "ours"),
            self_signed(folder, "other"),
        )
        until(lambda: process.poll() is not None or _answers(found))
        assert process.poll() is None, (folder / "error.log").read_text("utf-8")
        yield found
    finally:
        process.terminate()
        process.wait(10)
        server.shutdown()
        serving.join()
        server.server_close()
        house.close()


def _answers(place: Place) -> bool:
    try:
        return requests.get(place.mtls + "/", verify=place.trust, timeout=5).status_code == 404
    except requests.ConnectionError:
        return False


def _thumbprint(certificate: Pair) -> str:
    der = ssl.PEM_cert_to_DER_cert(certificate[0].read_text("ascii"))
    return urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


def test_a_bound_token_opens_for_its_certificate_alone(place: Place) -> None:
    answer = place.token(place.ours)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["token_type"] == "Bearer"
    told = requests.post(
        place.mtls + "/introspect",
        data={"token": found["access_token"]},
        auth=("by-certificate", SECRET),
        verify=place.trust,
        timeout=10,
    ).json()
    assert told["cnf"] == {"x5t#S256": _thumbprint(place.ours)}
    good = place.check(found["access_token"], place.ours)
    assert good not in {401, 500}
    assert place.check(found["access_token"], place.other) == 401
    assert place.check(found["access_token"], None) == 401
    assert place.check(found["access_token"], place.ours) == good


def test_who_shows_no_certificate_gets_no_token(place: Place) -> None:
    answer = place.token(None)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_nobody_writes_the_header_but_the_proxy(place: Place) -> None:
    """Neither beside a certificate of one's own, nor where none is asked for."""
    pem = place.ours[0].read_text("ascii")
    forms = (quote(pem), f":{b64encode(ssl.PEM_cert_to_DER_cert(pem)).decode()}:")
    token = place.token(place.ours).json()["access_token"]
    for forged in forms:
        for name in ("X-Client-Cert", "x-client-cert", "X_Client_Cert", "Client-Cert"):
            assert place.check(token, place.other, **{name: forged}) == 401
            assert place.check(token, None, **{name: forged}) == 401
            assert place.check(token, None, place.plain, **{name: forged}) == 401
            assert place.token(None, place.plain, **{name: forged}).status_code == 400


def test_discovery_names_the_listener_and_it_serves_what_is_named(place: Place) -> None:
    found = requests.get(place.plain + "/.well-known/openid-configuration", timeout=10).json()
    assert found["tls_client_certificate_bound_access_tokens"] is True
    for name, address in found["mtls_endpoint_aliases"].items():
        assert address.startswith(place.mtls)
        answer = requests.post(address, verify=place.trust, cert=_files(place.ours), timeout=10)
        assert answer.status_code in {400, 401}, (name, answer.text)


def test_the_listener_serves_no_page(place: Place) -> None:
    for path in ("/", "/login", "/authorize", "/account", "/tokens", "/.well-known/openid-configuration"):
        assert requests.get(place.mtls + path, verify=place.trust, timeout=10).status_code == 404
