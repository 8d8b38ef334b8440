"""``--tls``: the listener that asks clients for certificates, nginx with the block that deploy/nginx ships.

Where no nginx is installed there is no such listener, and discovery names none. The header that carries a
certificate has a name that nobody else can know: on loopback anybody could send one of a known name.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from service.serve import die_with_parent

if TYPE_CHECKING:
    from service.demo.folder import Demo

__all__ = ["CertificateListener", "configure", "main"]

SHIPPED: Final = Path(__file__).parent.parent.parent / "deploy/nginx/mtls.conf"
AROUND: Final = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/mtls.conf;
    {more}
}}
"""


def configure(
    folder: Path, *, port: int, behind: str, certificate: tuple[Path, Path], header: str, more: str = ""
) -> Path:
    """Write the shipped block for this machine and what stands around it.

    Args:
        folder: where nginx keeps everything of its own; absolute.
        port: where it listens, on loopback.
        behind: origin of the service, as its Host has it.
        certificate: chain and key.
        header: what carries a client's certificate.
        more: further server blocks.

    """
    host = behind.partition("://")[2]
    text = SHIPPED.read_text("utf-8")
    for theirs, ours in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("    listen [::]:443 ssl;\n", ""),
        ("/etc/manyou/tls/mtls.chain.pem", str(certificate[0])),
        ("/etc/manyou/tls/mtls.key", str(certificate[1])),
        ("http://127.0.0.1:8000", behind.replace("localhost", "127.0.0.1")),
        ("Host              id.example.gov.cn", f"Host {host}"),
        ("proxy_set_header   X-Client-Cert ", f"proxy_set_header {header} "),
    ):
        if theirs not in text:
            raise RuntimeError(f"{SHIPPED} has no {theirs!r} any more")
        text = text.replace(theirs, ours)
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "mtls.conf").write_text(text, "utf-8")
    around = folder / "nginx.conf"
    around.write_text(AROUND.format(folder=folder, more=more), "utf-8")
    return around


class CertificateListener:
    """Started at once; it ends with this process at the latest."""

    def __init__(self, demo: Demo, program: str) -> None:
        folder = demo.folder.resolve() / "nginx"
        written = tomllib.loads(demo.settings_file.read_text("utf-8"))
        tls = (demo.folder / "tls").resolve()
        conf = configure(
            folder,
            port=demo.mtls_port,
            behind=demo.provider,
            certificate=(tls / "server.pem", tls / "server.key"),
            header=written["server"]["certificate_header"],
        )
        command = [sys.executable, "-m", __name__, str(os.getpid()), program, str(conf)]
        self._process = subprocess.Popen(command, process_group=0)  # noqa: S603 - our interpreter and module

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(10)


def main() -> None:
    """Become nginx, bound to the life of the process that is named."""
    parent, program, conf = sys.argv[1:]
    die_with_parent(int(parent))
    log = str(Path(conf).with_name("error.log"))
    os.execv(program, [program, "-e", log, "-c", conf])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
