"""Ways to reach a provider other than by a socket."""

from __future__ import annotations

import io
from email.message import Message
from http.client import responses
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

from requests.adapters import HTTPAdapter

from manyou._override import override

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from requests import PreparedRequest, Response

__all__ = ["WsgiAdapter"]

_PLAIN = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


class WsgiAdapter(HTTPAdapter):
    """Calls a WSGI application in this process: the same bytes as over the network, without a socket.

    A relying party that stands in the provider's own process uses it, since a request to itself over the
    network would wait for a thread that it holds.
    """

    def __init__(self, application: Callable[[dict[str, Any], Any], Iterable[bytes]]) -> None:
        super().__init__()
        self._application = application

    @override
    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        """Call the application; proxies, certificates and timeouts mean nothing here."""
        from urllib3 import HTTPHeaderDict, HTTPResponse

        answered: list[tuple[int, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> None:
            answered.append((int(status[:3]), headers))

        parts = self._application(_environ(request), start_response)
        try:
            body = b"".join(parts)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()
        status, headers = answered[-1]
        raw = HTTPResponse(
            body=io.BytesIO(body),
            headers=HTTPHeaderDict(headers),
            status=status,
            reason=responses.get(status, ""),
            preload_content=False,
        )
        # where requests looks for cookies, and urllib3 for whether the connection may go back
        original = SimpleNamespace(msg=_message(headers), isclosed=lambda: True, close=lambda: None)
        raw._original_response = original  # type: ignore[assignment]  # noqa: SLF001
        return self.build_response(request, raw)


def _message(headers: list[tuple[str, str]]) -> Message:
    message = Message()
    for name, value in headers:
        message[name] = value  # adds: a name may stand several times
    return message


def _environ(request: PreparedRequest) -> dict[str, Any]:
    """The request as PEP 3333 has it."""
    url = urlsplit(request.url or "")
    body = request.body or b""
    if isinstance(body, str):
        body = body.encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method or "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path or "/").decode("latin-1"),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname or "",
        "SERVER_PORT": str(url.port or (443 if url.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": url.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        key = _PLAIN.get(name.lower()) or "HTTP_" + name.upper().replace("-", "_")
        environ[key] = value if isinstance(value, str) else value.decode("latin-1")
    return environ
