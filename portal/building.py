"""All routes of the portal in one place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from portal import code, file, login, trace, verifying
from portal.visits import Visits
from web import Endpoint, public

if TYPE_CHECKING:
    from manyou.hall import Hall
    from portal.settings import PortalSettings
    from web import Pages
    from web.sealed_cookie import SealedCookie

__all__ = ["MENU", "STATIC", "TEMPLATES", "TEXTS", "build"]

_HERE = Path(__file__).parent
TEMPLATES: Final = _HERE / "templates"
STATIC: Final = _HERE / "static"
TEXTS: Final = _HERE / "texts.toml"
MENU: Final = (
    ("/file", "portal.menu_file"),
    ("/trace", "portal.menu_trace"),
    ("/verify", "portal.menu_verify"),
    ("/logout", "portal.menu_logout"),
)
"""The site's navigation, for ``web.Pages``."""


def build(
    settings: PortalSettings, *, pages: Pages, cookie: SealedCookie, hall: Hall
) -> tuple[Endpoint, ...]:
    """The portal's endpoints.

    Args:
        pages: renders the templates of ``TEMPLATES`` with the texts of ``TEXTS``.
        cookie: keeps who is logged in.
        hall: this portal as a client; in one process with the provider, with a transport that calls it.

    """
    visits = Visits(settings, cookie, hall)
    anybody = public("the portal's front door and the verifier are for everybody")

    def page(method: str, path: str, handle: login.Handle) -> Endpoint:
        return Endpoint(method, path, handle, anybody, page=True)

    return (
        page("GET", "/", login.welcome(visits, pages)),
        page("GET", "/login", login.begin(visits)),
        page("GET", "/callback", login.finish(visits, pages)),
        page("GET", "/logout", login.ask_logout(visits, pages)),
        page("POST", "/logout", login.logout(visits)),
        visits.member("GET", "/file", file.cards(visits.hall, pages)),
        visits.member("GET", "/licences/<licence_id>", file.licence(visits.hall, pages)),
        visits.member("GET", "/licences/<licence_id>/code", code.page(visits.hall, pages)),
        visits.member("GET", "/licences/<licence_id>/code.json", code.data(visits.hall), page=False),
        visits.member("GET", "/trace", trace.page(visits.hall, pages)),
        page("GET", "/verify", verifying.form(pages)),
        page("POST", "/verify", verifying.check(visits.hall, pages)),
        page("GET", "/V/<digits>", verifying.opened(pages)),
        page("POST", "/V/<digits>", verifying.check(visits.hall, pages)),
    )
