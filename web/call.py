"""What came in: one request, read from WSGI's environ with limits, strictly.

Parameters are read once; a name that stands twice is refused where one value is meant (RFC 6749 § 3.1).
"""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote_to_bytes, urlencode

import msgspec

from keys import random_bytes
from web.client_certificate import read_certificate
from web.errors import BodyNotForm, BodyNotJson, BodyTooLarge, DuplicateParameter, MalformedParameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["Call", "Environ", "Parameters"]

Environ = dict[str, Any]
T = TypeVar("T")

NONE: frozenset[str] = frozenset()
PARAMETERS_MOST = 200
"""More names than any request of ours has; bounds the work a caller can cause."""


@cache  # called with the names that our code writes, never with a caller's
def _header_key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key == "CONTENT_TYPE" else f"HTTP_{key}"


def _unquoted(text: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    return unquote_to_bytes(text).decode() if "%" in text else text


class Parameters:
    """Parameters of a query or a form: ordered, every value kept, duplicates told."""

    __slots__ = ("_values", "repeated")

    repeated: frozenset[str]
    """Names that stand more than once."""

    def __init__(self, values: Mapping[str, list[str]], repeated: frozenset[str] = NONE) -> None:
        self._values = values
        self.repeated = repeated

    @classmethod
    def parse(cls, raw: bytes) -> Parameters:
        """Read ``application/x-www-form-urlencoded``; UTF-8 only.

        Raises:
            MalformedParameters: not UTF-8, a NUL, or more than ``PARAMETERS_MOST`` names.

        """
        if b"\0" in raw or b"%00" in raw:
            raise MalformedParameters(detail="NUL")
        values: dict[str, list[str]] = {}
        repeated = NONE
        try:
            pairs = raw.decode().split("&") if raw else []
            if len(pairs) > PARAMETERS_MOST:
                raise MalformedParameters(detail="too many parameters")
            for pair in pairs:
                if not pair:
                    continue
                name, _, value = pair.partition("=")
                if "%" in pair or "+" in pair:
                    name, value = _unquoted(name), _unquoted(value)
                if name in values:
                    values[name].append(value)
                    repeated |= {name}
                else:
                    values[name] = [value]
        except UnicodeDecodeError as error:
            raise MalformedParameters(detail="not UTF-8") from error
        return cls(values, repeated)

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Parameters:
        """The parameters that ``pairs`` told of."""
        values: dict[str, list[str]] = {}
        for name, value in pairs:
            values.setdefault(name, []).append(value)
        return cls(values, frozenset(name for name, several in values.items() if len(several) > 1))

    def get(self, name: str) -> str | None:
        """The one value of ``name``, None where it is absent or empty.

        Raises:
            DuplicateParameter: it stands more than once.

        """
        several = self._values.get(name)
        if several is None:
            return None
        if len(several) > 1:
            raise DuplicateParameter(f"Send the parameter {_safe(name)} once.")
        return several[0] or None

    def all(self, name: str) -> list[str]:
        """Every value of ``name``, in order."""
        return self._values.get(name, [])

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def pairs(self) -> list[tuple[str, str]]:
        """All (name, value), for writing them into a URL again."""
        return [(name, value) for name, several in self._values.items() for value in several]


def _safe(name: str) -> str:
    """A parameter's name fit for an ASCII message."""
    return "".join(c for c in name[:40] if c.isascii() and (c.isalnum() or c in "_-."))


class Call:
    """One request. ``now`` (unix seconds) and ``request_id`` are ours, never the caller's."""

    __slots__ = (
        "_body",
        "_certificate",
        "_cookies",
        "_form",
        "_query",
        "adds",
        "args",
        "environ",
        "now",
        "principal",
        "remote",
        "request_id",
        "scheme",
    )

    def __init__(
        self, environ: Environ, now: int, *, remote: str = "", scheme: str = "", certificate: str = ""
    ) -> None:
        """``certificate``: as a trusted proxy wrote it; never a header of anybody else's."""
        self.environ = environ
        self.now = now
        self.request_id = random_bytes(8).hex()
        self.remote = remote or environ.get("REMOTE_ADDR", "")
        self.scheme = scheme or environ.get("wsgi.url_scheme", "http")
        self.args: Mapping[str, str] = {}
        self.principal: Any = None
        """What the endpoint's authorisation admitted: a Session, a VerifiedAccess, …"""
        self.adds: tuple[tuple[str, str], ...] = ()
        """Headers of the answer, whatever it will be."""
        self._certificate = certificate
        self._body: bytes | None = None
        self._query: Parameters | None = None
        self._form: Parameters | None = None
        self._cookies: dict[str, str] | None = None

    @classmethod
    def of(
        cls,
        method: str,
        target: str,
        *,
        now: int,
        form: Mapping[str, str] | list[tuple[str, str]] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        host: str = "localhost:8000",
        certificate: str = "",
    ) -> Call:
        """A call made by hand, for tests and for calls inside one process."""
        path, _, query = target.partition("?")
        body = b""
        environ: Environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "HTTP_HOST": host,
        }
        if form is not None:
            body = urlencode(form).encode()
            environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
        elif json is not None:
            body = msgspec.json.encode(json)
            environ["CONTENT_TYPE"] = "application/json"
        for name, value in (headers or {}).items():
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        environ["CONTENT_LENGTH"] = str(len(body))
        environ["wsgi.input"] = io.BytesIO(body)
        return cls(environ, now, remote="127.0.0.1", scheme="http", certificate=certificate)

    @property
    def method(self) -> str:
        """The method, upper case."""
        return str(self.environ["REQUEST_METHOD"])

    @property
    def path(self) -> str:
        """The path, decoded."""
        return str(self.environ["PATH_INFO"])

    @property
    def host(self) -> str:
        """The Host header as sent; only compared with configured hosts, never echoed."""
        return str(self.environ.get("HTTP_HOST", ""))

    @property
    def query_string(self) -> str:
        """The query as sent."""
        return str(self.environ.get("QUERY_STRING", ""))

    def header(self, name: str) -> str | None:
        """A request header by its usual name."""
        return self.environ.get(_header_key(name))

    @property
    def certificate(self) -> bytes | None:
        """The certificate (DER) that the client authenticated its connection with; None where it showed none.

        Raises:
            CertificateUnreadable: the proxy handed on something else.

        """
        return read_certificate(self._certificate) if self._certificate else None

    @property
    def query(self) -> Parameters:
        """The query's parameters."""
        if self._query is None:
            self._query = Parameters.parse(self.query_string.encode("latin-1"))
        return self._query

    def read_body(self, most: int) -> None:
        """Read the body once, at most ``most`` bytes; ``answer`` calls it before the handler.

        Raises:
            BodyTooLarge: announced or sent more.

        """
        if self._body is not None:
            return
        length = self.environ.get("CONTENT_LENGTH") or ""
        stream = self.environ.get("wsgi.input")
        if length.isascii() and length.isdigit():
            if len(length) > 12 or int(length) > most:
                raise BodyTooLarge
            size = int(length)
        else:
            size = most + 1 if self.environ.get("HTTP_TRANSFER_ENCODING") else 0
        body = stream.read(size) if stream is not None and size else b""
        if len(body) > most:
            raise BodyTooLarge
        self._body = body

    @property
    def body(self) -> bytes:
        """The body that ``read_body`` read."""
        return self._body or b""

    @property
    def form(self) -> Parameters:
        """The form in the body.

        Raises:
            BodyNotForm: another content type.

        """
        if self._form is None:
            kind = (self.environ.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower()
            if kind != "application/x-www-form-urlencoded":
                if self.body:
                    raise BodyNotForm
                self._form = Parameters({})
            else:
                self._form = Parameters.parse(self.body)
        return self._form

    def json(self, model: type[T]) -> T:
        """The JSON body as ``model`` (a msgspec type).

        Raises:
            BodyNotJson: no JSON, another content type, or not of that shape; the mend names the member.

        """
        kind = (self.environ.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise BodyNotJson("Send the body as application/json.")
        try:
            return msgspec.json.decode(self.body, type=model)
        except msgspec.ValidationError as error:
            raise BodyNotJson("Mend the JSON body: " + _ascii(str(error)) + ".") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BodyNotJson("Send well-formed JSON in UTF-8.") from error

    @property
    def cookies(self) -> Mapping[str, str]:
        """Cookies; of a name sent twice the first counts (RFC 6265 § 5.4 puts the longer path first)."""
        if self._cookies is None:
            found: dict[str, str] = {}
            for part in (self.header("cookie") or "").split(";"):
                name, _, value = part.strip().partition("=")
                if name and name not in found:
                    found[name] = value
            self._cookies = found
        return self._cookies


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()[:200]
