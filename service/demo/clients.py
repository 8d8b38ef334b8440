"""The demo's clients: portal, three halls, two authorities, a verifier, and one for foreign testers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from idp.oauth.clients.client import Client, new_secret
from idp.oauth.clients.grant_types import CIBA, DEVICE_CODE, TOKEN_EXCHANGE

if TYPE_CHECKING:
    from service.settings import Settings

__all__ = ["AUTHORITIES", "demo_clients"]

AUTHORITIES = {
    "market-supervision": ("示范省市场监督管理局", "Market supervision", "11350000MBDEM0023C"),
    "civil-affairs": ("示范省民政厅", "Civil affairs", "11350000MBDEM004XY"),
}
"""client_id → name and USCC of the authorities that issue."""

BACK_OFFICE = "https://back-office.example/api"
"""Both halls call it for their users, and it calls the library and the archive."""

PERSONAL = ("openid", "profile", "phone", "offline_access")


def demo_clients(settings: Settings, halls: tuple[str, str]) -> list[tuple[Client, str]]:
    """Each client with its secret; ``halls``: origins of hall A and hall B."""
    issuer, portal = settings.server.provider, settings.server.portal
    library = f"{issuer}/elicence"
    hall_a, hall_b = halls
    made = [
        _client(
            client_id=settings.portal.client_id,
            name_zh="我的证照",
            name_en="My licences",
            redirect_uris=(f"{portal}/callback",),
            post_logout_redirect_uris=(f"{portal}/",),
            grants=("authorization_code", "refresh_token", "client_credentials"),
            scopes=("openid", "profile", "offline_access", "file"),
            audiences=(library,),
            trusted=True,
            verifier="public",
        ),
        _hall("hall-a", "福乐市市场监管办事大厅", "Fule City market hall", hall_a, library, ("id_number",)),
        _hall("hall-b", "海澜市公积金办事大厅", "Hailan City housing fund hall", hall_b, library, ()),
        _java_hall(hall_b, library),
        _client(
            client_id="market-inspection",
            name_zh="市场监管执法检查终端",
            name_en="Market inspection terminal",
            grants=("client_credentials",),
            scopes=("check",),
            audiences=(library,),
            agency_uscc="11350000MBDEM0023C",
            verifier="registered",
        ),
        _client(
            client_id="records-service",
            name_zh="档案服务",
            name_en="Records service",
            grants=("client_credentials",),
            scopes=("use",),
            audiences=("https://records.example/api",),
            serves=("https://records.example/api",),
        ),
        _foreign_tester(library),
        *_beyond_the_browser(library),
    ]
    for client_id, (name_zh, name_en, uscc) in AUTHORITIES.items():
        made.append(
            _client(
                client_id=client_id,
                name_zh=name_zh,
                name_en=name_en,
                grants=("client_credentials",),
                scopes=("issue",),
                audiences=(library,),
                agency_uscc=uscc,
            )
        )
    return made


def _hall(
    client_id: str, name_zh: str, name_en: str, origin: str, library: str, more: tuple[str, ...]
) -> tuple[Client, str]:
    return _client(
        client_id=client_id,
        name_zh=name_zh,
        name_en=name_en,
        redirect_uris=(f"{origin}/callback",),
        post_logout_redirect_uris=(f"{origin}/",),
        backchannel_logout_uri=f"{origin}/backchannel-logout",
        backchannel_logout_session_required=True,
        grants=("authorization_code", "refresh_token", "client_credentials"),
        scopes=(*PERSONAL, *more),
        sector=f"{client_id}.example",
        audiences=(library, BACK_OFFICE),
        detail_types=("elicence",),
    )


def _java_hall(hall_b: str, library: str) -> tuple[Client, str]:
    """examples/java-hall, started by hand on the port after hall B's.

    Registered as Spring Security is by default: it reads RS256, in ID tokens and in logout tokens.
    """
    host, _, port = hall_b.rpartition(":")
    origin = f"{host}:{int(port) + 1}"
    return _client(
        client_id="java-hall",
        name_zh="云溪市公积金办事大厅",
        name_en="Yunxi City housing fund hall",
        redirect_uris=(f"{origin}/login/oauth2/code/manyou", f"{origin}/licence/given"),
        post_logout_redirect_uris=(f"{origin}/",),
        backchannel_logout_uri=f"{origin}/logout/connect/back-channel/manyou",
        scopes=("openid", "profile"),
        sector="java-hall.example",
        id_token_alg="RS256",
        audiences=(library,),
        detail_types=("elicence",),
    )


def _beyond_the_browser(library: str) -> list[tuple[Client, str]]:
    """Who has no browser of its own with a person in it: a terminal, a counter, a hall behind a hall."""
    terminal = Client(
        client_id="self-service-terminal",
        name_zh="自助服务终端",
        name_en="Self-service terminal",
        profile="terminal",
        auth_method="none",
        grants=(DEVICE_CODE, "refresh_token"),
        scopes=PERSONAL,
        sector="terminal.example",
        audiences=(library,),
    )
    counter = _client(
        client_id="service-counter",
        name_zh="政务服务中心综合窗口",
        name_en="Service centre counter",
        grants=(CIBA, "refresh_token"),
        scopes=(*PERSONAL, "id_number"),
        sector="counter.example",
        audiences=(library,),
        ciba_delivery="poll",
    )
    back_office = _client(
        client_id="back-office",
        name_zh="市场监管后台审批系统",
        name_en="Market supervision back office",
        grants=("client_credentials", TOKEN_EXCHANGE),
        scopes=("profile", "use"),
        audiences=(library, "https://records.example/api"),
        detail_types=("elicence",),
        serves=(BACK_OFFICE,),
    )
    return [(terminal, ""), counter, back_office]


def _foreign_tester(library: str) -> tuple[Client, str]:
    """A public client with loopback addresses, for whoever tries us with a client of their own."""
    client = Client(
        client_id="try-me",
        name_zh="接入试用",
        name_en="Try the login",
        auth_method="none",
        application_type="native",
        redirect_uris=("http://127.0.0.1/callback",),
        post_logout_redirect_uris=("http://127.0.0.1/",),
        grants=("authorization_code", "refresh_token"),
        scopes=(*PERSONAL, "email", "address", "id_number"),
        sector="try-me.example",
        audiences=(library,),
    )
    return client, ""


def _client(**values: object) -> tuple[Client, str]:
    secret, digest = new_secret(os.urandom)
    return Client(secret_hashes=(digest,), **values), secret  # type: ignore[arg-type]
