"""A real nginx for tests, around the shipped configuration, with a test's own names, ports and files."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

__all__ = ["Nginx"]

_SHIPPED = Path(__file__).parent.parent / "deploy" / "nginx" / "manyou.conf"
_AROUND = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/manyou.conf;
}}
"""


class Nginx:
    """In front of the service at port `behind`, over https, as localhost and 127.0.0.1.

    On `port` to whoever names no host in the handshake too, as clients do for an address; on `strict` not.
    """

    def __init__(
        self, folder: Path, port: int, strict: int, behind: int, certificate: tuple[Path, Path]
    ) -> None:
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        assert Path(program).exists(), "nginx is missing; install it: apt-get install -y nginx"
        self._port = port
        self._folder = folder
        folder.chmod(0o755)
        (folder / "manyou.conf").write_text(_shipped(port, strict, behind, certificate), "utf-8")
        (folder / "nginx.conf").write_text(_AROUND.format(folder=folder), "utf-8")
        log = str(folder / "error.log")
        self._process = subprocess.Popen([program, "-e", log, "-c", str(folder / "nginx.conf")])
        ends = time.monotonic() + 10
        while not self._listens():
            assert time.monotonic() < ends, Path(log).read_text("utf-8")
            assert self._process.poll() is None, Path(log).read_text("utf-8")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(10)

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=1):
            return True
        return False


def _shipped(port: int, strict: int, behind: int, certificate: tuple[Path, Path]) -> str:
    text = _SHIPPED.read_text("utf-8")
    plain = text.index("server {\n    listen 80;")
    named = text.index("# a name that is not ours")
    text = text[:plain] + text[named:]  # port 80 is not a test's
    for theirs, ours in (
        ("listen 443 ssl default_server;", f"listen 127.0.0.1:{strict} ssl default_server;"),
        (
            "listen 443 ssl http2;",
            f"listen 127.0.0.1:{port} ssl http2;\n    listen 127.0.0.1:{strict} ssl http2;",
        ),
        ("    listen [::]:443 ssl default_server;\n", ""),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("id.example.gov.cn my.example.gov.cn", "localhost 127.0.0.1"),
        ("/etc/manyou/tls/server.chain.pem", str(certificate[0])),
        ("/etc/manyou/tls/server.key", str(certificate[1])),
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{behind};"),
    ):
        assert theirs in text, theirs
        text = text.replace(theirs, ours)
    return text
