"""The composition root: opens the stores, builds the rooms from the ground up, and hands out one application.

    store → keys → holders → eLicense, idp → portal → web.application

The rooms that are siblings meet here alone: ``idp`` checks tokens for ``eLicense``, ``eLicense`` explains
``authorization_details`` to ``idp``, and the portal reaches both through the SDK without a socket.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import eLicense
import holders
import idp
import keys
import portal.building
import web
from eLicense.adapters.source_table import SourceTable
from holders.upkeep import upkeep
from idp.factors import outbox
from idp.oauth.clients.client import Client
from ledger import Sequencer
from manyou.hall import Hall
from service.background import Repeated
from service.jobs import Job, Jobs
from service.readiness import Readiness
from service.watch.metrics import CountedDurable, CountedExpiring
from service.watch.reporting import Reporter
from store import Feed, maintain, migrate, open_durable, open_expiring, open_sequencer
from web import Catalogue, Pages, Site
from web.fetching import Fetcher
from web.limits import INSIDE, Limiter, Rule, limited
from web.sealed_cookie import SealedCookie
from web.static_files import BASE, static_endpoints

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter

    from service.settings import ServerSettings, Settings
    from service.watch.metrics import Metrics
    from store import Durable, Expiring
    from web import Call, VerifiedAccess
    from web.application import WSGI, StartResponse
    from web.call import Environ
    from web.limits import LimitSettings

__all__ = ["House"]

CHECKOUT = Path(__file__).parent.parent
LANE = (*idp.LANE, *eLicense.LANE)
LIBRARY_SECONDS = 30
"""How often the library resumes what a crash left and ends what has run out."""
REPORT_SECONDS = 1.0
"""How often a watched worker tells the parent how it is."""
ROUND_SECONDS = 0.5
"""How often jobs are looked at and events numbered."""


def _seconds() -> int:
    return int(time.time())


class _Later:
    """Checks access tokens once the provider stands: the library is built first, for its sentences."""

    def __init__(self) -> None:
        self.tokens: web.AccessTokens | None = None

    def verify(self, call: Call, audience: str) -> VerifiedAccess:
        """See ``web.AccessTokens``."""
        if self.tokens is None:
            raise RuntimeError("asked before the house was built")
        return self.tokens.verify(call, audience)


@dataclass(frozen=True, slots=True)
class House:
    """Everything that runs in one worker."""

    durable: Durable
    expiring: Expiring
    keys: keys.Keys
    register: holders.Register
    feed: Feed
    provider: idp.Provider
    library: eLicense.Library
    sources: Mapping[str, SourceTable]
    sites: tuple[tuple[Site, Pages], ...]
    application: WSGI
    numbering: Durable | None
    """The store as the sequencer's role opens it, where it has one."""
    jobs: Jobs
    background: tuple[Repeated, ...]

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        server: bool = True,
        clock: Callable[[], int] = _seconds,
        metrics: Metrics | None = None,
    ) -> House:
        """Build the house; nothing runs before ``start``.

        Args:
            settings: of all rooms.
            server: False for the command line, which works beside a server on the same store.
            clock: unix seconds.
            metrics: where everything is counted, for a worker that is watched.

        """
        durable = open_durable(settings.store, checkpoints=server)
        try:
            migrate(durable)
            return _build(settings, durable, clock, metrics)
        except BaseException:
            durable.close()
            raise

    def start(self) -> None:
        """Begin to read the news, number events and run jobs."""
        self.feed.start()
        self.keys.refresh()  # what changed between reading the rings and the feed's first look
        self.jobs.make_known()
        for each in self.background:
            each.start()

    def close(self) -> None:
        """Finish what is under way and release everything."""
        for each in self.background:
            each.stop()
        self.feed.stop()
        self.provider.close()
        self.expiring.close()
        if self.numbering is not None:
            self.numbering.close()
        self.durable.close()


def _build(settings: Settings, durable: Durable, clock: Callable[[], int], metrics: Metrics | None) -> House:
    expiring = open_expiring(durable, clock, settings.store)
    if metrics is not None:
        durable, expiring = CountedDurable(durable, metrics), CountedExpiring(expiring, metrics)
    limiter = Limiter(settings.limits, expiring)
    feed = Feed(durable)
    custody = keys.build(settings.keys, durable, clock)
    feed.subscribe("key-ring", lambda _: custody.refresh())
    register = holders.build(durable, custody, clock)
    feed.subscribe("holder", register.forget)

    catalogue = Catalogue.load(sorted(CHECKOUT.glob("*/texts.toml")))
    at_provider, at_portal = _pages(settings, catalogue, custody)
    later = _Later()
    sources = _sources(durable, register)
    library = eLicense.build(
        settings.elicense,
        eLicense.Ports(durable, custody, register, feed, later, clock, sources, _looks(settings, limiter)),
    )
    provider = idp.build(
        settings.idp,
        issuer=settings.server.provider,
        durable=durable,
        expiring=expiring,
        keys=custody,
        register=register,
        feed=feed,
        transport=settings.profile,
        pages=at_provider,
        fetcher=Fetcher(settings.fetch),
        details=(library.detail_type,),
        mtls=settings.server.mtls,
    )
    later.tokens = provider.access

    inside = _Inside()
    readiness = Readiness(durable, feed, clock)
    sites = _sites(
        settings.server,
        ((*provider.endpoints, *library.endpoints, *readiness.endpoints), at_provider),
        (_portal(settings, at_portal, custody, inside), at_portal),
    )
    sites = tuple((_limited(site, settings.limits, limiter), pages) for site, pages in sites)
    inside.application = web.application(sites, clock, LANE, metrics.request if metrics is not None else None)
    numbering = open_sequencer(settings.store)
    sequencer = Sequencer(numbering or durable)
    jobs = Jobs(durable, clock, _jobs(durable, custody, register, provider, library))
    return House(
        durable=durable,
        expiring=expiring,
        keys=custody,
        register=register,
        feed=feed,
        provider=provider,
        library=library,
        sources=sources,
        sites=sites,
        application=inside.application,
        numbering=numbering,
        jobs=jobs,
        background=(
            Repeated("sequencer", ROUND_SECONDS, lambda: _number_all(sequencer)),
            Repeated("jobs", ROUND_SECONDS, jobs.round),
            *(() if metrics is None else (_watched(metrics, readiness, durable, feed, sequencer),)),
        ),
    )


def _sites(
    server: ServerSettings,
    provider: tuple[tuple[web.Endpoint, ...], Pages],
    at_portal: tuple[tuple[web.Endpoint, ...], Pages],
) -> tuple[tuple[Site, Pages], ...]:
    base, proxies = static_endpoints(BASE), server.trusted_proxies
    own = static_endpoints(portal.building.STATIC)
    return (
        (
            Site(
                "provider",
                _host(server.provider),
                (*provider[0], *base),
                proxies,
                server.certificate_header,
            ),
            provider[1],
        ),
        (Site("portal", _host(server.portal), (*at_portal[0], *own, *base), proxies), at_portal[1]),
    )


def _limited(site: Site, settings: LimitSettings, limiter: Limiter) -> Site:
    return replace(site, endpoints=limited(site.endpoints, settings, limiter, _proven))


def _proven(principal: object) -> str:
    """The name of a client that proved itself."""
    return principal.client_id if isinstance(principal, Client) and not principal.public else ""


def _looks(settings: Settings, limiter: Limiter) -> Callable[[bytes, int], None]:
    rule = Rule("looks", settings.limits.looks)
    return lambda licence, now: limiter.count(rule, licence.hex(), now)


def _watched(
    metrics: Metrics, readiness: Readiness, durable: Durable, feed: Feed, sequencer: Sequencer
) -> Repeated:
    queues = {"text_messages": outbox.waiting, "ledger": sequencer.waiting}
    reporter = Reporter(metrics, check=readiness.check, durable=durable, feed=feed, queues=queues)
    return Repeated("watch", REPORT_SECONDS, reporter.report)


def _number_all(sequencer: Sequencer) -> None:
    while sequencer.step():
        pass


class _Inside:
    """The way from the portal to the provider in the same process; complete once the application is."""

    application: WSGI

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        environ[INSIDE] = True
        return self.application(environ, start_response)


def _host(origin: str) -> str:
    return urlsplit(origin).netloc


def _pages(settings: Settings, catalogue: Catalogue, custody: keys.Keys) -> tuple[Pages, Pages]:
    templates = sorted(CHECKOUT.glob("*/templates"))

    def made(site: str, menu: Sequence[tuple[str, str]]) -> Pages:
        return Pages(
            site=site,
            templates=templates,
            catalogue=catalogue,
            transport=settings.profile,
            mac=lambda data: custody.mac(f"form:{site}", data),
            menu=menu,
        )

    return made("provider", ()), made("portal", portal.building.MENU)


def _portal(settings: Settings, pages: Pages, custody: keys.Keys, inside: WSGI) -> tuple[web.Endpoint, ...]:
    secret = settings.portal.client_secret_file
    hall = Hall(
        settings.server.provider,
        settings.portal.client_id,
        secret.read_text("ascii").strip() if secret is not None else None,
        transport=lambda: _way(inside),
    )
    cookie = SealedCookie("manyou-portal", custody, settings.profile, settings.portal.session_seconds)
    return portal.building.build(settings.portal, pages=pages, cookie=cookie, hall=hall)


def _way(inside: WSGI) -> BaseAdapter:
    from manyou.transports import WsgiAdapter  # brings requests along: only once somebody comes to the portal

    return WsgiAdapter(inside)


def _sources(durable: Durable, register: holders.Register) -> dict[str, SourceTable]:
    """The police's answers, from the table that stands for their database in the demo."""
    police = SourceTable("police", ("公安机关", "the police"), durable, register)
    return {police.name: police}


def _jobs(
    durable: Durable,
    custody: keys.Keys,
    register: holders.Register,
    provider: idp.Provider,
    library: eLicense.Library,
) -> tuple[Job, ...]:
    return (
        Job("store.upkeep", 60, lambda now: maintain(durable, now)),
        Job("keys.advance", 5, custody.advance),
        Job("holders.upkeep", 60, lambda _now: upkeep(durable, custody, register)),
        *(Job(*each) for each in provider.jobs),
        *(Job(f"eLicense.{name}", LIBRARY_SECONDS, run) for name, run in library.jobs.items()),
    )
