"""Puts the room together: people, factors, sessions, pages, and above them OAuth."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from idp.adapters.sms_development import DevelopmentSms
from idp.endpoints import oauth_endpoints
from idp.endpoints.at_once import at_once
from idp.factors import attempts, phone_code
from idp.factors.activation import Activation
from idp.factors.decoy import Decoy
from idp.factors.one_time_code import OneTimeCodes
from idp.factors.outbox import Outbox
from idp.factors.password import Passwords
from idp.oauth import family
from idp.oauth.assembly import OAuth, assemble
from idp.oauth.logout.farewell import Farewell
from idp.oauth.registering import initial
from idp.oauth.requests import login_hint
from idp.pages.account import AccountPages
from idp.pages.activation import ActivationPages
from idp.pages.consent import consent_endpoints
from idp.pages.development_sms import DevelopmentSmsPage
from idp.pages.device import DevicePages
from idp.pages.login import LoginPages
from idp.pages.password import PasswordPage
from idp.pages.requests import RequestPages
from idp.pages.totp import TotpPages
from idp.people.facts import Facts
from idp.people.naming import Naming
from idp.people.registry_import import RegistryImport
from idp.sessions import known_browser, records, session_client
from idp.sessions.accounts import Accounts
from idp.sessions.known_browser import KnownBrowsers
from idp.sessions.login import Login
from idp.sessions.single_sign_on import SingleSignOn
from keys import random_bytes
from web.sealed_cookie import SealedCookie
from web.static_files import static_endpoints

if TYPE_CHECKING:
    from holders import Register
    from idp.oauth.engine import Engine
    from idp.ports import SmsSender
    from idp.settings import IdpSettings
    from keys import Keys
    from store import Durable, Expiring, Feed, Tx
    from web import Endpoint, Pages, Transport
    from web.access import AccessTokens, DetailType
    from web.fetching import Fetcher

__all__ = ["Job", "Provider", "build"]

STATIC = Path(__file__).parent / "static"
STEP_SECONDS = 900
"""How long the browser keeps what a login's next step needs."""
DAY = 86_400
SWEPT = 500
"""Rows a work of a sweep deletes at most, so that no work is long."""
SWEEPS = 40
"""Works of a sweep at most: 20,000 rows a minute."""

Job = tuple[str, int, Callable[[int], object]]
"""Name, every so many seconds, and what to run with the time."""


@dataclass(frozen=True, slots=True)
class Provider:
    """What the service mounts and runs, and what seeds and consoles call."""

    endpoints: tuple[Endpoint, ...]
    jobs: tuple[Job, ...]
    access: AccessTokens
    oauth: OAuth
    facts: Facts
    registry: RegistryImport
    accounts: Accounts
    sign_on: SingleSignOn
    passwords: Passwords

    def close(self) -> None:
        """End the room's own threads."""
        self.oauth.close()
        self.passwords.close()


def build(  # noqa: PLR0913 - a composition root names its parts
    settings: IdpSettings,
    *,
    issuer: str,
    durable: Durable,
    expiring: Expiring,
    keys: Keys,
    register: Register,
    feed: Feed,
    transport: Transport,
    pages: Pages,
    fetcher: Fetcher,
    details: Iterable[DetailType] = (),
    sms: SmsSender | None = None,
    mtls: str = "",
) -> Provider:
    """Build it; starts no thread but the pool that hashes passwords.

    Raises:
        ValueError: a setting is dangerous; the message names it.

    """
    development_sms = DevelopmentSms()
    if sms is None and settings.environment != "development":
        raise ValueError("idp: production needs a gateway for text messages")
    sms = sms or development_sms
    passwords = Passwords(settings.passwords)
    naming = Naming(register, keys)
    facts = Facts(durable, register)
    outbox = Outbox(durable, keys, sms)
    sign_on = SingleSignOn(durable, transport, settings.sessions)
    accounts = Accounts(durable, register, facts, passwords)
    activation = Activation(durable, register, keys, naming, Decoy.make(register), settings.activation)

    def cookie(name: str, max_age: int) -> SealedCookie:
        return SealedCookie(name, keys, transport, max_age)

    browsers = KnownBrowsers(cookie(known_browser.COOKIE, settings.sessions.known_browser_seconds))
    flow = cookie("manyou-activation", settings.activation.flow_seconds)
    step, totp = cookie("manyou-login", STEP_SECONDS), cookie("manyou-totp", STEP_SECONDS)
    login = Login(durable, naming, passwords, OneTimeCodes(durable, register), browsers, sign_on)
    oauth = assemble(
        issuer=issuer,
        settings=settings.oauth,
        durable=durable,
        expiring=expiring,
        keys=keys,
        feed=feed,
        facts=facts,
        sign_on=sign_on,
        fetcher=fetcher,
        details=details,
        entropy=random_bytes,
        mtls=mtls,
    )
    farewell = Farewell(oauth.engine, oauth.back_channel, pages)
    endpoints = (
        *LoginPages(login, pages, step, partial(login_hint.opened, keys)).endpoints(),
        *ActivationPages(activation, accounts, browsers, pages, flow).endpoints(),
        *AccountPages(accounts, facts, oauth.engine.clients, sign_on, farewell, durable, pages).endpoints(),
        *PasswordPage(accounts, browsers, sign_on, pages).endpoints(),
        *TotpPages(accounts, browsers, facts, sign_on, durable, pages, totp).endpoints(),
        *_deciding(oauth.engine, pages),
        *oauth_endpoints(oauth, feed, pages, farewell),
        *static_endpoints(STATIC),
    )
    if settings.environment == "development" and sms is development_sms:
        endpoints += DevelopmentSmsPage(development_sms, outbox, pages).endpoints()
    return Provider(
        endpoints=at_once(endpoints, feed),
        jobs=_jobs(durable, outbox, oauth, settings.oauth.refresh_seconds + DAY),
        access=oauth.tokens,
        oauth=oauth,
        facts=facts,
        registry=RegistryImport(durable, register, session_client.look_soon),
        accounts=accounts,
        sign_on=sign_on,
        passwords=passwords,
    )


def _deciding(engine: Engine, pages: Pages) -> tuple[Endpoint, ...]:
    """The pages on which a person says yes or no to a client."""
    return (
        *consent_endpoints(engine, pages),
        *DevicePages(engine, pages).endpoints(),
        *RequestPages(engine, pages).endpoints(),
    )


def _jobs(durable: Durable, outbox: Outbox, oauth: OAuth, session_kept: int) -> tuple[Job, ...]:
    """``session_kept``: seconds a session's row outlives it, so that no family forgets that it was ended."""

    def sweep(now: int) -> None:
        """In short works, as long as there is something: strangers make rows no faster than this goes."""
        sweeps: tuple[Callable[[Tx], int], ...] = (
            lambda tx: attempts.sweep(tx, now, SWEPT),
            lambda tx: phone_code.sweep(tx, now, SWEPT),
            lambda tx: records.sweep(tx, now - session_kept, SWEPT),
            lambda tx: family.sweep(tx, now, SWEPT),
            lambda tx: initial.sweep(tx, now, SWEPT),
        )
        for each in sweeps:
            for _ in range(SWEEPS):
                if durable.write(each) < SWEPT:
                    break

    return (
        ("idp.sms", 1, outbox.deliver),
        ("idp.sweep", 60, sweep),
        ("idp.logout", 1, oauth.back_channel.deliver),
        ("idp.ping", 1, oauth.pings.deliver),
    )
