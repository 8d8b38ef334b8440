"""Certificates of clients through a real nginx with the shipped block: whose a token is, nobody else says."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
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
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from typing_extensions import override
from werkzeug.serving import WSGIRequestHandler, make_server

from idp.oauth.client import Client
from idp.oauth.clients import put
from service.demo.folder import Demo
from service.house import House
from service.settings import SETTINGS_FILE, load_settings
from tests.served import Authority
from tests.service.conftest import free_ports
from tests.service.server import until

SHIPPED = Path(__file__).parents[2] / "deploy/nginx/mtls.conf"
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
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
AROUND = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/mtls.conf;
    {plain}
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


def self_signed(folder: Path, name: str) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .sign(key, SHA256())
    )
    chain, secret = folder / f"{name}.pem", folder / f"{name}.key"
    chain.write_bytes(certificate.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return chain, secret


class _Quiet(WSGIRequestHandler):
    @override
    def log(self, type: str, message: str, *args: object) -> None:
        pass


def shipped(behind: int, port: int, certificate: Pair) -> str:
    """The block as it is shipped, with this test's ports and files."""
    text = SHIPPED.read_text("utf-8")
    for theirs, ours in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("    listen [::]:443 ssl;\n", ""),
        ("/etc/manyou/tls/mtls.chain.pem", str(certificate[0])),
        ("/etc/manyou/tls/mtls.key", str(certificate[1])),
        ("http://127.0.0.1:8000", f"http://127.0.0.1:{behind}"),
        ("Host              id.example.gov.cn", f"Host localhost:{behind}"),
    ):
        assert theirs in text, theirs
        text = text.replace(theirs, ours)
    return text


@pytest.fixture(scope="module")
def place(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("nginx")
    port, plain = free_ports(2)
    authority = Authority(folder)
    mtls = f"https://localhost:{port}"
    (folder / "mtls.conf").write_text(shipped(demo.port, port, authority.issue("localhost")), "utf-8")
    around = AROUND.format(folder=folder, plain=PLAIN.format(port=plain, behind=demo.port))
    (folder / "nginx.conf").write_text(around, "utf-8")
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
    nginx = subprocess.Popen([NGINX, "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")])
    try:
        found = Place(
            mtls,
            f"http://127.0.0.1:{plain}",
            settings.server.provider,
            str(authority.file),
            self_signed(folder, "ours"),
            self_signed(folder, "other"),
        )
        until(lambda: nginx.poll() is not None or _answers(found))
        assert nginx.poll() is None, (folder / "error.log").read_text("utf-8")
        yield found
    finally:
        nginx.terminate()
        nginx.wait(10)
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
