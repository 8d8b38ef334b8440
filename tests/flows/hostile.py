"""Requests as nobody sends them, for every route: hypothesis draws them, ``ask`` puts them to the house."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from hypothesis import strategies as st

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from web import Endpoint
    from web.application import WSGI

__all__ = ["Answer", "Known", "Sent", "ask", "inside", "outside"]

HUGE = 300 * 1024
METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "X")
NO_PROOF = ("Bearer", "Basic", "Basic =", "Bearer a.b.c", "Basic Og==", "Digest x", "Bearer " + "A" * 9000)
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@dataclass(frozen=True, slots=True)
class Known:
    """Words that lead deeper than chance does: good values of this very house."""

    names: tuple[str, ...]
    """Of parameters and of members in JSON."""
    values: tuple[str, ...]
    cookies: tuple[str, ...]
    authorizations: dict[str, tuple[str, ...]]
    """What opens a route, by the name of its authorisation."""
    csrf: str
    right: dict[str, dict[str, Any]]
    """What a route takes, by its path: parameters, or members of its JSON."""
    parts: dict[str, str]
    """What stands for a variable part of a path, by its name."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One request, as bytes."""

    method: str
    host: str
    path: bytes
    query: bytes = b""
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    length: str | None = None
    """Content-Length as announced; None: the body's own."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """The first of that name, or ''."""
        return next((value for each, value in self.headers if each.lower() == name), "")

    @property
    def refused(self) -> bool:
        """An error, or a redirect that carries one or leads to the login."""
        to = self.header("location")
        return self.status >= 400 or "error=" in to or "/login?" in to


def ask(application: WSGI, request: Sent) -> Answer:
    """Call the application as a server does (PEP 3333)."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": request.path.decode("latin-1"),
        "QUERY_STRING": request.query.decode("latin-1"),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": request.host,
        "CONTENT_LENGTH": str(len(request.body)) if request.length is None else request.length,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        environ["CONTENT_TYPE" if name == "Content-Type" else f"HTTP_{name.upper().replace('-', '_')}"] = (
            value
        )
    begun: list[tuple[int, tuple[tuple[str, str], ...]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> None:
        begun.append((int(status.split(" ", 1)[0]), tuple(headers)))

    parts = application(environ, start_response)
    body = b"".join(parts)
    close = getattr(parts, "close", None)
    if close is not None:
        close()
    return Answer(*begun[-1], body)


def _text(known: Known) -> SearchStrategy[str]:
    return st.one_of(
        st.sampled_from(known.values),
        st.text(max_size=40),
        st.sampled_from(
            ("", "0", "-1", "null", "\x00", "\ud7ff", "𬭎", "%00", "../../", "\r\nX: y", "9" * 400)
        ),
    )


@st.composite
def _parameters(draw: DrawFn, known: Known, right: dict[str, str] | None = None) -> bytes:
    """A query or a form: what would be right, spoilt; names that nobody knows, some twice, some not UTF-8."""
    names = st.one_of(st.sampled_from(known.names), st.text(max_size=12))
    more = draw(st.lists(st.tuples(names, _text(known)), max_size=3 if right else 8))
    pairs = dict(right or {})
    for name in draw(st.lists(st.sampled_from(sorted(pairs)), max_size=2)) if pairs else ():
        pairs[name] = draw(_text(known))
    raw = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in [*pairs.items(), *more]).encode()
    return raw + draw(st.sampled_from((b"", b"", b"", b"&a=%ff%fe", b"&=", b"&&", b"&\xff=\xc3", b"&a=%zz")))


def _quoted(text: str) -> str:
    return quote_plus(text, errors="replace")


@st.composite
def _json(draw: DrawFn, known: Known, right: dict[str, Any]) -> bytes:
    """A JSON body: what would be right with members spoilt, left out or added."""
    values = st.sampled_from(known.values)
    leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), values)
    names = st.one_of(st.sampled_from(known.names), st.text(max_size=8))
    tree = st.recursive(
        leaves,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
        max_leaves=6,
    )
    body: Any = dict(right)
    what = draw(st.sampled_from(("spoilt", "spoilt", "left out", "added", "right", "other")))
    if what == "spoilt" and body:
        body[draw(st.sampled_from(sorted(body)))] = draw(tree)
    elif what == "left out" and body:
        del body[draw(st.sampled_from(sorted(body)))]
    elif what == "added":
        body[draw(names)] = draw(tree)
    elif what == "other":
        body = draw(tree)
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


@st.composite
def _hostile_body(draw: DrawFn, known: Known) -> tuple[bytes, str]:
    """A body that nobody expects, and its content type."""
    kind = draw(st.sampled_from(("raw", "huge", "deep", "none", "form")))
    if kind == "raw":
        types = (
            FORM,
            JSON,
            "text/plain",
            "multipart/form-data; boundary=x",
            "",
            "application/json; charset=\xff",
        )
        return draw(st.binary(max_size=200)), draw(st.sampled_from(types))
    if kind == "huge":
        return b"a=" + b"x" * HUGE, draw(st.sampled_from((FORM, JSON)))
    if kind == "deep":
        return b"[" * 20_000, JSON
    return (draw(_parameters(known)), FORM) if kind == "form" else (b"", "")


@st.composite
def _path(draw: DrawFn, endpoint: Endpoint, known: Known) -> bytes:
    word = draw(_text(known)) if draw(st.booleans()) else ""
    parts = [
        (word or known.parts[part.strip("<>")]) if part.startswith("<") else part
        for part in endpoint.path.split("/")
    ]
    return "/".join(parts).encode("utf-8", "replace")


@st.composite
def inside(draw: DrawFn, endpoint: Endpoint, host: str, known: Known) -> Sent:
    """A request with everything right but what it says: it reaches the handler."""
    headers = {"Cookie": known.cookies[0], "Idempotency-Key": f"key-{draw(st.integers(0, 10**9)):09d}"}
    proof = known.authorizations.get(endpoint.authorisation.name)
    if proof is not None:
        headers["Authorization"] = draw(st.sampled_from(proof))
    body, right = b"", known.right.get(endpoint.path, {})
    if endpoint.method == "POST":
        as_json = endpoint.path.startswith("/elicence/")
        headers["Content-Type"] = JSON if as_json else FORM
        token = f"csrf={quote_plus(known.csrf)}&".encode()
        body = draw(_json(known, right)) if as_json else token + draw(_parameters(known, right))
    query = draw(_parameters(known, right)) if endpoint.method == "GET" or not right else b""
    if endpoint.path == "/consent":  # reads the request from the query, the answer from the form
        query = draw(_parameters(known, known.right["/authorize"]))
    return Sent(endpoint.method, host, draw(_path(endpoint, known)), query, body, headers)


@st.composite
def outside(draw: DrawFn, endpoint: Endpoint, host: str, known: Known) -> Sent:
    """A request with a frame that nobody sends: method, host, lengths, headers, bytes that are no text."""
    every = [each for several in known.authorizations.values() for each in several]
    optional: dict[str, SearchStrategy[str]] = {
        "Authorization": st.sampled_from([*every, *NO_PROOF]),
        "Cookie": st.sampled_from([*known.cookies, ";;=", "manyou=\xff", "a=" * 900]),
        "Idempotency-Key": st.sampled_from(("", "x", "\xe9" * 9, "k" * 500)),
        "Accept": st.sampled_from(("text/html", "*/*", "application/json", "\xff")),
        "Origin": st.sampled_from(("null", f"http://{host}", "https://elsewhere.example")),
        "Sec-Fetch-Site": st.sampled_from(("same-origin", "cross-site", "")),
        "X-Forwarded-For": st.sampled_from(("10.0.0.1", "a,b,,")),
        "Transfer-Encoding": st.just("chunked"),
        "If-None-Match": st.sampled_from(('"x"', "*", "\xff")),
        "User-Agent": st.text(st.characters(max_codepoint=255), max_size=300),
    }
    names = draw(st.lists(st.sampled_from(sorted(optional)), unique=True, max_size=5))
    headers = {name: draw(optional[name]) for name in names}
    body, kind = draw(_hostile_body(known))
    if kind:
        headers["Content-Type"] = kind
    return Sent(
        method=draw(st.sampled_from((endpoint.method, *METHODS))),
        host=draw(st.sampled_from((host, host, "elsewhere.example", ""))),
        path=draw(_path(endpoint, known)) + draw(st.sampled_from((b"", b"/", b"\xff", b"//", b";x"))),
        query=draw(_parameters(known)),
        body=body,
        headers=headers,
        length=draw(st.sampled_from((None, "", "x", "-1", "0", "99999999999999"))),
    )
