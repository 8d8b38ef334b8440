"""Pages for people: Jinja templates of the rooms, the catalogue, the form token, the page headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from web.catalogue import both
from web.csrf import FIELD, FormGuard
from web.headers import machine_headers, page_headers
from web.reply import HTML, NO_STORE, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from web.call import Call
    from web.catalogue import Catalogue
    from web.transport import Transport

__all__ = ["Pages"]


class Pages:
    """Renders pages of one site. Each room's templates stand in ``‹room›/templates/‹room›/``."""

    def __init__(
        self,
        *,
        site: str,
        templates: Sequence[Path],
        catalogue: Catalogue,
        transport: Transport,
        mac: Callable[[bytes], bytes],
        menu: Sequence[tuple[str, str]] = (),
    ) -> None:
        """``menu``: (address, catalogue key) of the site's own navigation."""
        self.catalogue = catalogue
        self.transport = transport
        self.guard = FormGuard(mac, transport)
        self.machine_headers = machine_headers(https=transport.secure_cookies)
        self._jinja = Environment(
            loader=FileSystemLoader([*templates]),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._jinja.globals.update(t=catalogue, both=both, site=site, menu=tuple(menu))

    def page(
        self,
        call: Call,
        template: str,
        *,
        status: int = 200,
        leads_elsewhere: bool = False,
        posts_to: str = "",
        frames: Sequence[str] = (),
        images: Sequence[str] = (),
        **context: object,
    ) -> Reply:
        """Render ``template``; see ``page_headers`` for the arguments that are no context.

        In a template, ``{{ csrf() }}`` is the hidden field that every form with method POST needs, and
        ``t(key)`` the text.
        """
        headers: tuple[tuple[str, str], ...] = NO_STORE
        browser = self.guard.browser(call)
        if browser is None:
            browser, cookie = self.guard.new_browser()
            headers += (cookie,)
        token = self.guard.token(browser)

        def csrf() -> Markup:
            return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token)

        text = self._jinja.get_template(template).render(call=call, csrf=csrf, **context)
        security = page_headers(
            https=self.transport.secure_cookies,
            leads_elsewhere=leads_elsewhere,
            posts_to=posts_to,
            frames=frames,
            images=images,
        )
        return Reply(status, text.encode(), HTML + headers + security, page=True)
