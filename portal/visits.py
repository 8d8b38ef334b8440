"""Who is logged in at the portal: what the sealed cookie holds, and how it is kept good.

1. The cookie names the visitor and holds the tokens.
2. An access token near its end is fetched anew before the page is made, and the cookie written again.
3. When provider or library say that the login is over, the page leads to the login and back.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from manyou.errors import Problem, Unauthenticated
from manyou.hall import ForeignAnswer, Hall, Login, Pending, TokenRefused, Tokens
from web import Authorisation, Call, Endpoint, Reply
from web.problems import SignInFirst
from web.sealed_cookie import SealedCookie

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.settings import PortalSettings

__all__ = ["Visit", "Visits", "own_path"]

SCOPE: Final = "openid profile file"
PENDING_MOST: Final = 2
"""Logins under way in one browser; more would not fit into a cookie."""
BACK_BYTES_MOST: Final = 500
"""Of the page to come back to: our longest is far shorter, and a link could fill the cookie of a login."""
JUST_NOW_SECONDS: Final = 10
"""Refused again so soon after a login begun for that very reason: show why, do not go in circles."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who is logged in."""

    name: str
    organisation: bool
    acting: str
    """Name of the person who acts for the organisation; empty for a person."""
    at: int
    """When the login came back, unix seconds."""
    tokens: Tokens
    again: bool = False
    """The login was begun because the library took the one before no longer."""
    renewed: bool = False
    """The cookie has to be written again."""


class Visits:
    """Reads and writes the portal's cookies."""

    def __init__(self, settings: PortalSettings, cookie: SealedCookie, hall: Hall) -> None:
        self.hall = hall
        self._origin = settings.origin
        self._cookie = cookie
        self._away = replace(cookie, name=f"{cookie.name}-login", max_age=settings.login_seconds)

    # pages for members

    def member(
        self, method: str, path: str, handle: Callable[[Call, Visit], Reply], *, page: bool = True
    ) -> Endpoint:
        """An endpoint for whoever is logged in."""
        gate = Authorisation("portal login", "shows what belongs to the holder who is logged in", self._admit)

        def answer(call: Call) -> Reply:
            visit: Visit = call.principal
            try:
                reply = handle(call, visit)
            except Unauthenticated as problem:
                if not page or (visit.again and call.now < visit.at + JUST_NOW_SECONDS):
                    raise
                raise _sign_in(call, again="1") from problem
            return reply.adding(self._kept(call, visit)) if visit.renewed else reply

        return Endpoint(method, path, answer, gate, page=page)

    def current(self, call: Call) -> Visit | None:
        """Who is logged in, as far as the cookie knows."""
        kept = self._cookie.read(call)
        try:
            return Visit(**{**kept, "tokens": Tokens(**kept["tokens"])})
        except (KeyError, TypeError):  # no cookie, or one of an older release
            return None

    def _admit(self, call: Call) -> Visit:
        visit = self.current(call)
        if visit is None:
            raise _sign_in(call)
        if visit.tokens.good(call.now):
            return visit
        if visit.tokens.refresh_token is None:
            raise _sign_in(call)
        try:
            tokens = self.hall.refresh(visit.tokens, resource=self.hall.licences.resource)
        except TokenRefused as refused:
            raise _sign_in(call) from refused
        return replace(visit, tokens=tokens, renewed=True)

    # coming and going

    def leave_for_login(self, call: Call, back: str, *, again: bool) -> Reply:
        """Send the browser to the provider, remembering where it was going."""
        url, pending = self.hall.begin(
            redirect_uri=f"{self._origin}/callback", scope=SCOPE, resource=self.hall.licences.resource
        )
        waiting = [*self._away.read(call).get("waiting", []), [back, again, asdict(pending)]][-PENDING_MOST:]
        return Reply.redirect(url, (self._away.write(call, {"waiting": waiting}),))

    def arrive(self, call: Call) -> Reply:
        """Take up the login that the browser brings back.

        Raises:
            Problem: it is none of this browser's, or was refused.

        """
        parameters = {name: call.query.get(name) or "" for name in call.query}
        waiting: list[Any] = self._away.read(call).get("waiting", [])
        found = next((each for each in waiting if each[2]["state"] == parameters.get("state")), None)
        if found is None:
            raise ForeignAnswer(detail="no such login under way")
        login = self.hall.finish(Pending(**found[2]), parameters, resource=self.hall.userinfo_resource)
        visit = self._visit(call, login, again=found[1])
        return Reply.redirect(found[0], (self._kept(call, visit), self._away.clear()))

    def depart(self, call: Call) -> Reply:
        """Log out here and everywhere."""
        visit = self.current(call)
        try:
            if visit is not None and visit.tokens.refresh_token is not None:
                self.hall.revoke(visit.tokens.refresh_token)
            hint = visit.tokens.id_token if visit else None
            url = self.hall.logout_url(id_token=hint, back=f"{self._origin}/")
        except Problem:
            url = "/"  # the provider does not answer: logged out here all the same
        return Reply.redirect(url, (self._cookie.clear(),))

    def _kept(self, call: Call, visit: Visit) -> tuple[str, str]:
        """The cookie; without the ID token, which only says whom to log out, where it would be too long."""
        kept = asdict(replace(visit, renewed=False))
        kept["tokens"]["authorization_details"] = ()
        try:
            return self._cookie.write(call, kept)
        except ValueError:
            kept["tokens"]["id_token"] = None
            return self._cookie.write(call, kept)

    def _visit(self, call: Call, login: Login, *, again: bool) -> Visit:
        claims = self.hall.userinfo(login)
        acting = claims.get("acting_person") or {}
        return Visit(
            name=str(claims.get("name", "")),
            organisation=claims.get("user_type") == "organisation",
            acting=str(acting.get("name", "")),
            at=call.now,
            again=again,
            tokens=self.hall.refresh(login.tokens, resource=self.hall.licences.resource),
        )


def _sign_in(call: Call, **more: str) -> SignInFirst:
    back = call.path if call.method == "GET" and not call.path.endswith(".json") else "/file"
    return SignInFirst("/login?" + urlencode({"back": back, **more}))


def own_path(text: str | None) -> str:
    """Where to go after the login: a path of this site, never another host, and no longer than pages are."""
    if text is None or not text.startswith("/") or text.startswith(("//", "/\\")):
        return "/file"
    return text if len(text.encode()) <= BACK_BYTES_MOST else "/file"
