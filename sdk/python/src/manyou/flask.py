"""A hall in ten lines: Flask on top of ``manyou.hall``.

::

    app = Flask(__name__)
    app.secret_key = …
    hall = FlaskHall(app, "https://login.example", client_id="…", client_secret="…")

    @app.get("/")
    @hall.login_required
    def home():
        return f"您好，{hall.current_user.name}"

Routes ``/callback``, ``/logout`` (POST), ``/backchannel-logout`` and ``/initiate-login`` are added; register
the last two as ``backchannel_logout_uri``, and a logout anywhere is one here at once, and as
``initiate_login_uri``, and a login may begin elsewhere. What a logout ended is all that is stored on the
server: who is logged in and the tokens stand in a cookie that is encrypted and authenticated under a key made
from ``app.secret_key``, since a merely signed one would show the tokens to whoever sees the browser's files.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar
from urllib.parse import urljoin, urlsplit

from flask import Flask, Response, g, redirect, request
from flask import typing as flask_typing

from manyou._sealed_session import SealedSession
from manyou.errors import Problem
from manyou.hall import (
    EndedLogins,
    ForeignAnswer,
    Hall,
    InvalidLogoutToken,
    LoginRefused,
    Pending,
    StepUpNeeded,
    TokenRefused,
    Tokens,
)
from manyou.hall.levels import reaches

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from werkzeug.wrappers import Response as Answer

__all__ = ["CurrentUser", "FlaskHall"]

PENDING_MOST: Final = 3
"""Logins under way in one browser, e.g. in several tabs; the oldest is forgotten."""
BACK_BYTES_MOST: Final = 500
"""Of the page to come back to: longer ones would not fit into the cookie, and nobody could log in."""
LOGIN_SECONDS: Final = 1800
CIRCLE_SECONDS: Final = 60
SESSION_SECONDS: Final = 12 * 3600
_OF_THE_TOKEN: Final = frozenset({"iss", "aud", "azp", "exp", "iat", "nbf", "nonce", "at_hash", "jti"})
"""Claims that prove the login and say nothing of who logged in."""
_NO_STORE: Final = {"Cache-Control": "no-store"}
P = ParamSpec("P")
R = TypeVar("R", bound=flask_typing.ResponseReturnValue)


@dataclass(frozen=True, slots=True)
class CurrentUser:
    """Who is logged in, as this hall knows them."""

    claims: Mapping[str, Any]

    @property
    def sub(self) -> str:
        """The person or organisation; another hall is told another value."""
        return str(self.claims["sub"])

    @property
    def name(self) -> str:
        """The name, where the scope ``profile`` was asked for."""
        return str(self.claims.get("name", ""))


class FlaskHall:
    """``Hall`` in a Flask application."""

    def __init__(
        self,
        app: Flask,
        issuer: str,
        client_id: str,
        client_secret: str | None = None,
        *,
        check_seconds: int = 60,
        ended: EndedLogins | None = None,
        **hall: Any,
    ) -> None:
        """``hall``: further arguments of ``manyou.hall.Hall``.

        ``check_seconds``: how long a login is believed before the provider is asked whether it still stands,
        so that a logout elsewhere is noticed here (confidential clients).
        ``ended``: what the provider's logout tokens ended; name a file where several processes are one hall,
        or where a restart must forget nothing.

        Raises:
            ValueError: the application has no ``secret_key``.

        """
        self.hall = Hall(issuer, client_id, client_secret, **hall)
        self._ended = ended or EndedLogins()
        self._asks_again = check_seconds if client_secret is not None else SESSION_SECONDS
        secret = app.secret_key
        if not secret:
            raise ValueError("set app.secret_key: the session is sealed under it")
        # a provider without https is one on loopback, and so is then the hall
        secure = not issuer.startswith("http://")
        # ports share cookies, so a cookie's name carries the client
        name = f"manyou-{client_id}".replace(":", ".")
        self._session = SealedSession(secret, name, SESSION_SECONDS, secure=secure)
        self._login = SealedSession(secret, f"{name}-login", LOGIN_SECONDS, secure=secure)
        callback = urlsplit(self.hall.redirect_uri).path or "/callback"
        app.add_url_rule(callback, "manyou_callback", self._callback, methods=["GET"])
        app.add_url_rule("/initiate-login", "manyou_initiate", self._initiate, methods=["GET", "POST"])
        app.add_url_rule("/logout", "manyou_logout", self._logout, methods=["POST"])
        app.add_url_rule(
            "/backchannel-logout", "manyou_backchannel_logout", self._logged_out, methods=["POST"]
        )
        app.after_request(self._keep)
        app.register_error_handler(Problem, _problem)
        app.register_error_handler(StepUpNeeded, self._resumed)
        app.context_processor(lambda: {"current_user": self.current_user})

    @property
    def licences(self) -> Any:
        """The licence library (``manyou.hall.LicenceLibrary``)."""
        return self.hall.licences

    @property
    def current_user(self) -> CurrentUser | None:
        """Who is logged in; None for nobody."""
        return CurrentUser(self._kept()["claims"]) if self._stands() else None

    def login_required(self, view: Callable[P, R]) -> Callable[P, R | Answer]:
        """Send whoever is not logged in to the provider, and back to this page afterwards."""

        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Answer:
            return view(*args, **kwargs) if self.current_user else self.ask()

        return guarded

    def needs(
        self, *, acr: str = "", max_age: int | None = None
    ) -> Callable[[Callable[P, R]], Callable[P, R | Answer]]:
        """Send whoever has not logged in so strongly, or so recently, to do so, and back to this page.

        ``acr``: at least one of these levels, e.g. ``urn:manyou:acr:r2-a2``; ``max_age``: seconds since.
        """

        def decorated(view: Callable[P, R]) -> Callable[P, R | Answer]:
            @wraps(view)
            def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Answer:
                user, now = self.current_user, self.hall.clock()
                low = bool(acr) and not (user and reaches(str(user.claims.get("acr", "")), acr))
                old = max_age is not None and not (user and _recent(user.claims, max_age, now))
                if user is not None and not low and not old:
                    return view(*args, **kwargs)
                if self._tried(acr, max_age):
                    raise LoginRefused("Log in by means that reach the level of this page.")
                return self.step_up(acr_values=acr, max_age=max_age)

            return guarded

        return decorated

    def step_up(self, *, acr_values: str = "", max_age: int | None = None, back: str | None = None) -> Answer:
        """Redirect to log in more strongly, or anew, for what the present token is for; then back."""
        asked: dict[str, Any] = {"acr_values": acr_values} if acr_values else {}
        tokens = self._kept().get("tokens") or {}
        if tokens.get("resource"):
            asked |= {
                "resource": tokens["resource"],
                "authorization_details": tokens["authorization_details"],
            }
        return self.ask(back=back, max_age=max_age, **asked)

    def ask(self, *, back: str | None = None, **asked: Any) -> Answer:
        """Redirect to the provider to log in, or to have the holder agree to more.

        ``asked``: as for ``Hall.begin``, e.g. ``resource`` and ``authorization_details``.
        ``back``: where to return to, a path of this application; this page where it is a GET.
        """
        where = back or (request.full_path.rstrip("?") if request.method == "GET" else "/")
        address = self.hall.redirect_uri or self._address("/callback")
        url, pending = self.hall.begin(redirect_uri=address, **asked)
        waiting = self._login.read(request.cookies, self.hall.clock()).get("waiting", [])
        tried = [asked.get("acr_values", ""), asked.get("max_age")]
        waiting = [*waiting, [where if _own_path(where) else "/", asdict(pending), tried]][-PENDING_MOST:]
        answer = redirect(url, 303)
        self._login.write(answer, {"waiting": waiting}, self.hall.clock())
        return answer

    def access_token(self, resource: str | None = None) -> str | None:
        """A good access token of who is logged in, refreshed where it has to be; None: call ``ask``."""
        kept = self._kept().get("tokens")
        if not kept:
            return None
        tokens = Tokens(**kept)
        wanted = resource or tokens.resource
        if tokens.resource == wanted and tokens.good(self.hall.clock()):
            return tokens.access_token
        if tokens.refresh_token is None:
            return None
        try:
            tokens = self.hall.refresh(tokens, resource=wanted)
        except TokenRefused:
            return None
        self._change({**self._kept(), "tokens": asdict(tokens)})
        return tokens.access_token

    def _stands(self) -> bool:
        kept, now = self._kept(), self.hall.clock()
        if kept and self._ended.holds(kept["claims"]["sub"], kept["claims"].get("sid"), kept.get("began", 0)):
            self._change({})
            return False
        if not kept or "manyou_stands" in g or now < kept["seen"] + self._asks_again:
            return bool(kept)
        token = self.access_token()
        if token is None or not self.hall.introspect(token)["active"]:
            self._change({})
            return False
        g.manyou_stands = True  # asked once a request
        self._change({**self._kept(), "seen": now})
        return True

    def _resumed(self, needed: StepUpNeeded) -> Answer | tuple[str, int]:
        """A page that a resource refused until a stronger login: it is opened again after that."""
        if request.method != "GET" or self._tried(needed.acr_values, needed.max_age):
            return _problem(needed)
        return self.step_up(acr_values=needed.acr_values, max_age=needed.max_age)

    def _tried(self, acr: str, max_age: int | None) -> bool:
        """Whether somebody has just logged in for exactly this: asking again would go round in a circle."""
        kept = self._kept()
        just = self.hall.clock() < kept.get("began", 0) + CIRCLE_SECONDS
        return just and kept.get("tried") == [acr, max_age]

    def _initiate(self) -> Answer:
        back, asked = self.hall.initiated(request.values, request.host_url)
        return self.ask(back=back, **asked)

    def _callback(self) -> Answer:
        waiting: Sequence[Any] = self._login.read(request.cookies, self.hall.clock()).get("waiting", [])
        state = request.args.get("state", "")
        found = next((each for each in waiting if each[1]["state"] == state), None)
        if found is None:
            raise ForeignAnswer(detail="no such login under way")
        login = self.hall.finish(Pending(**found[1]), request.args)
        claims = {name: value for name, value in login.claims.items() if name not in _OF_THE_TOKEN}
        before = self._kept().get("claims", {})
        if login.tokens.resource is None:
            claims |= self.hall.userinfo(login)
        elif before.get("sub") == login.sub:
            claims = {**before, **claims}
        now = self.hall.clock()
        kept = {"claims": claims, "tokens": asdict(login.tokens), "seen": now, "began": now}
        self._change({**kept, "tried": found[2]})
        answer = redirect(found[0], 303)
        self._login.write(
            answer, {"waiting": [each for each in waiting if each is not found]}, self.hall.clock()
        )
        return answer

    def _logout(self) -> Answer:
        tokens = self._kept().get("tokens") or {}
        self._change({})
        try:
            if tokens.get("refresh_token"):
                self.hall.revoke(tokens["refresh_token"])
            url = self.hall.logout_url(id_token=tokens.get("id_token"), back=self._address("/"))
        except Problem:
            url = "/"  # logged out here in any case
        return redirect(url, 303)

    def _logged_out(self) -> tuple[dict[str, str], int, dict[str, str]]:
        """The provider says that a login is over (OpenID Connect Back-Channel Logout 1.0 § 2.5 to § 2.8)."""
        try:
            who = self.hall.logged_out(request.form.get("logout_token", ""))
        except InvalidLogoutToken as refused:
            answer = {"error": "invalid_request", "error_description": f"{refused.mend} ({refused.detail})"}
            return answer, 400, _NO_STORE
        self._ended.add(who, self.hall.clock(), kept=SESSION_SECONDS)
        return {}, 200, _NO_STORE

    def _address(self, path: str) -> str:
        return urljoin(request.host_url, path)

    def _kept(self) -> dict[str, Any]:
        if "manyou_session" not in g:
            g.manyou_session = self._session.read(request.cookies, self.hall.clock())
        kept: dict[str, Any] = g.manyou_session
        return kept

    def _change(self, kept: dict[str, Any]) -> None:
        g.manyou_session = kept
        g.manyou_changed = True

    def _keep(self, response: Response) -> Response:
        if g.get("manyou_changed"):
            kept = self._kept()
            if not self._session.holds(kept):  # the ID token only spares the question whom to log out
                kept = {**kept, "tokens": {**kept["tokens"], "id_token": None}}
            self._session.write(response, kept, self.hall.clock())
        if self._kept():
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def _recent(claims: Mapping[str, Any], max_age: int, now: int) -> bool:
    login = claims.get("auth_time")
    return isinstance(login, int) and now <= login + max_age


def _own_path(where: str) -> bool:
    """A path of this application; two slashes, or one and a backslash, lead elsewhere in browsers."""
    if len(where.encode("utf-8", "replace")) > BACK_BYTES_MOST:
        return False
    return where.startswith("/") and not where.startswith(("//", "/\\"))


def _problem(problem: Problem) -> tuple[str, int]:
    """A refusal as a plain page; an application registers its own handler over it."""
    from manyou.errors import STATUS

    status = next((status for status, kind in STATUS.items() if isinstance(problem, kind)), 502)
    return f"{problem.code}: {problem.mend}", status
