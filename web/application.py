"""One WSGI callable for all sites: chosen by Host, the lane first, Flask for everything else.

The lane is a tuple of (method, path) that is answered without Flask's routing, through the same ``answer``.
Emptying it changes nothing but speed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from web.answer import answer as _answer
from web.answer import finish, refuse
from web.call import Call, Environ
from web.errors import MethodNotAllowed, NoSuchPage, WrongHost
from web.problems import to_problem_json

if TYPE_CHECKING:
    from werkzeug.exceptions import HTTPException

    from web.endpoint import Endpoint, Site
    from web.pages import Pages
    from web.reply import Reply

__all__ = ["WSGI", "application"]

StartResponse = Callable[..., Any]
WSGI = Callable[[Environ, StartResponse], Iterable[bytes]]
Clock = Callable[[], int]
Observe = Callable[[str, str, int, float], object]
"""Method, path as the route is written, status, seconds."""

_PHRASE = {200: "200 OK", 201: "201 Created", 302: "302 Found", 303: "303 See Other", 304: "304 Not Modified"}


def application(
    sites: Iterable[tuple[Site, Pages]],
    clock: Clock,
    lane: Iterable[tuple[str, str]] = (),
    observe: Observe | None = None,
) -> WSGI:
    """Put the sites behind one callable; ``observe`` is told of every answer."""
    lane = frozenset(lane)
    answer = _observed(observe) if observe is not None else _answer
    by_host = {site.host: _site(site, pages, clock, lane, answer) for site, pages in sites}
    first = next(iter(by_host.values()))

    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        chosen = by_host.get(environ.get("HTTP_HOST", ""))
        if chosen is None:
            return first.wrong_host(environ, start_response)
        return chosen(environ, start_response)

    return app


def _observed(observe: Observe) -> Callable[[Endpoint, Call, Pages], Reply]:
    def answer(endpoint: Endpoint, call: Call, pages: Pages) -> Reply:
        begun = perf_counter()
        reply = _answer(endpoint, call, pages)
        observe(endpoint.method, endpoint.path, reply.status, perf_counter() - begun)
        return reply

    return answer


class _site:  # noqa: N801 - private, called like a function
    def __init__(
        self,
        site: Site,
        pages: Pages,
        clock: Clock,
        lane: frozenset[tuple[str, str]],
        answer: Callable[[Endpoint, Call, Pages], Reply],
    ) -> None:
        self._answer = answer
        self._site = site
        self._pages = pages
        self._clock = clock
        header = site.certificate_header
        self._certificate = "HTTP_" + header.upper().replace("-", "_") if header else ""
        self._lane = {
            (endpoint.method, endpoint.path): endpoint
            for endpoint in site.endpoints
            if (endpoint.method, endpoint.path) in lane
        }
        self._flask = self._routes()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        endpoint = self._lane.get((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        if endpoint is None:
            return self._flask.wsgi_app(environ, start_response)
        return _send(self._answer(endpoint, self._call(environ), self._pages), start_response)

    def wrong_host(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        call = self._call(environ)
        return _send(
            finish(call, to_problem_json(call, WrongHost(), self._pages), self._pages), start_response
        )

    def _call(self, environ: Environ) -> Call:
        peer = environ.get("REMOTE_ADDR", "")
        if peer not in self._site.trusted_proxies:
            return Call(environ, self._clock())
        # only a listed proxy is believed, and only for the last hop that it saw itself
        forwarded = environ.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        scheme = environ.get("HTTP_X_FORWARDED_PROTO", "")
        certificate = environ.get(self._certificate, "") if self._certificate else ""
        return Call(environ, self._clock(), remote=forwarded, scheme=scheme, certificate=certificate)

    def _routes(self) -> Flask:
        flask = Flask(self._site.name, static_folder=None)
        for endpoint in self._site.endpoints:
            flask.add_url_rule(
                endpoint.path,
                endpoint=f"{endpoint.method} {endpoint.path}",
                view_func=self._view(endpoint),
                methods=[endpoint.method],
                provide_automatic_options=False,
            )
        flask.register_error_handler(404, self._problem(NoSuchPage))
        flask.register_error_handler(405, self._problem(MethodNotAllowed))
        return flask

    def _view(self, endpoint: Endpoint) -> Callable[..., Response]:
        def view(**args: str) -> Response:
            call = self._call(request.environ)
            call.args = args
            return _response(self._answer(endpoint, call, self._pages))

        return view

    def _problem(self, kind: type[NoSuchPage | MethodNotAllowed]) -> Callable[[HTTPException], Response]:
        def handler(error: HTTPException) -> Response:
            call = self._call(request.environ)
            reply = refuse(None, call, kind(), self._pages)
            allow = tuple(header for header in error.get_headers() if header[0] == "Allow")
            return _response(finish(call, reply.adding(*allow), self._pages))

        return handler


def _response(reply: Reply) -> Response:
    response = Response(reply.body, status=reply.status)
    del response.headers["Content-Type"]
    for name, value in reply.headers:
        response.headers.add(name, value)
    return response


def _send(reply: Reply, start_response: StartResponse) -> Iterable[bytes]:
    headers = [*reply.headers, ("Content-Length", str(len(reply.body)))]
    start_response(_PHRASE.get(reply.status) or f"{reply.status} Problem", headers)
    return [reply.body]  # a list of one: granian sends it without iterating
