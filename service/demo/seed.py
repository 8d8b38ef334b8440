"""Fill an empty store with the demo province, and write down for testers what they need.

Everything goes through the doors that real data would take: the registry import, the catalogue's loader,
client registration, and for licences the authorities' own tokens over the API.
"""

from __future__ import annotations

import json
import os
import secrets
from base64 import b32encode
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eLicense.catalogue import load, read
from eLicense.ports import SourceAnswer
from holders import records as holder_records
from idp.factors import totp
from idp.oauth.clients import registered as clients
from idp.oauth.registering import operators
from idp.oauth.registering.initial import Terms
from manyou.hall import Hall
from manyou.transports import WsgiAdapter
from service.demo.clients import AUTHORITIES, demo_clients
from service.demo.licences import LICENCES, SOURCE_ANSWERS

if TYPE_CHECKING:
    from service.house import House
    from service.settings import Settings

__all__ = ["seed"]

YEAR = 365 * 86_400
HERE = Path(__file__).parent
PEOPLE = (
    ("350000199001010018", "林漫", "13900000001", False),
    ("35000019850615002X", "陈小游", "13900000002", True),
    ("350000200002290037", "黄一诺", "13900000003", False),
)
"""Who has an account at the start: number, name, phone, one-time codes bound. A clerk has seen each (R3)."""
WITHOUT_ACCOUNT = (
    ("350000199205050097", "王䶮", "13900000004"),
    ("350000194110120045", "郑福英", None),
)
"""Who has none yet: number, name, phone on file."""
NO_TOTP = {"totp_secret": None, "totp_digits": None, "totp_uri": None}
COMPANIES = (
    ("91350000MADEM0011T", "示范海丝餐饮管理有限公司", "legal_representative", "350000200002290037"),
    ("91350000MADEM00030", "示范漫游食品有限公司", "legal_representative", "35000019850615002X"),
    ("92350000MADEM010X3", "林漫小吃店", "operator", "350000199001010018"),
)


def seed(house: House, settings: Settings, halls: tuple[str, str], now: Callable[[], int]) -> dict[str, Any]:
    """Fill the store; returns what ``demo.json`` holds."""
    report = house.provider.registry.run(HERE / "registry.csv", now())
    if report.bad:
        raise RuntimeError(f"registry.csv: line {report.bad[0].line}: {report.bad[0].reason}")
    definition = read(HERE / "catalogue.toml")
    load(definition, durable=house.durable, keys=house.keys, now=now())
    registered = demo_clients(settings, halls)
    for client, _ in registered:
        house.durable.write(lambda tx, client=client: clients.put(tx, client, now()))  # type: ignore[misc]
    if settings.portal.client_secret_file is not None:
        _write_private(
            settings.portal.client_secret_file, dict(_secrets(registered))[settings.portal.client_id]
        )
    people = [_open_account(house, *person, now=now()) for person in PEOPLE]
    people += [
        {"number": number, "name": name, "phone": phone, "password": None, **NO_TOTP, "level": "R0"}
        for number, name, phone in WITHOUT_ACCOUNT
    ]
    _answers(house, now())
    house.feed.poll()
    secrets_of = dict(_secrets(registered))
    licences = _issue(house, settings, secrets_of)
    return {
        "issuer": settings.server.provider,
        "portal": settings.server.portal,
        "halls": list(halls),
        "elicence": {"resource": settings.elicense.resource, "api": f"{settings.elicense.resource}/v1"},
        "trust_anchor": json.loads(house.keys.jwks(("trust",)))["keys"][0],
        "people": [{"document_type": "111", **person} for person in people],
        "companies": [
            {"uscc": uscc, "name": name, "offices": [{"role": role, "number": number}]}
            for uscc, name, role, number in COMPANIES
        ],
        "clients": [_shown(client, secret) for client, secret in registered],
        "initial_access_token": operators.ticket(
            house.provider.oauth.engine,
            Terms(
                scopes=("openid", "profile", "email", "address", "phone", "offline_access"),
                subject_types=("pairwise", "public"),
            ),
            uses=1000,
            seconds=YEAR,
            now=now(),
        ),
        "authorities": [
            {
                "client_id": client_id,
                "client_secret": secrets_of[client_id],
                "name": zh,
                "uscc": uscc,
                "region": "350000",
            }
            for client_id, (zh, _, uscc) in AUTHORITIES.items()
        ],
        "licence_types": [
            {
                "number": each.number,
                "code": each.code,
                "name": each.zh,
                "name_en": each.en,
                "origin": each.origin,
            }
            for each in definition.types
        ],
        "matters": [
            {
                "code": each.code,
                "name": each.zh,
                "name_en": each.en,
                "level": each.level,
                "clients": sorted({grant.client for grant in definition.grants if grant.matter == each.code}),
            }
            for each in definition.matters
        ],
        "licences": licences,
    }


def _secrets(registered: list[Any]) -> list[tuple[str, str]]:
    return [(client.client_id, secret) for client, secret in registered]


def _shown(client: Any, secret: str) -> dict[str, Any]:
    return {
        "client_id": client.client_id,
        "client_secret": secret or None,
        "name": client.name_zh,
        "token_endpoint_auth_method": client.auth_method,
        "redirect_uris": list(client.redirect_uris),
        "post_logout_redirect_uris": list(client.post_logout_redirect_uris),
        "grant_types": list(client.grants),
        "scope": " ".join(client.scopes),
        "resources": list(client.audiences),
        "serves": list(client.serves),
        "id_token_signed_response_alg": client.id_token_alg,
        "verifier": client.verifier,
    }


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def _open_account(house: House, number: str, name: str, phone: str, otp: bool, *, now: int) -> dict[str, Any]:  # noqa: FBT001
    alias = house.register.alias("111", number)
    holder = house.durable.read(lambda tx: holder_records.find(tx, alias, now))
    if holder is None:
        raise RuntimeError(f"{name} is not in registry.csv")
    password = secrets.token_urlsafe(9)
    accounts = house.provider.accounts
    accounts.bind_password(holder, password, channel="demo", now=now)
    accounts.attest(holder, 3, channel="seen_by_clerk", now=now)
    secret = accounts.new_totp_secret() if otp else None
    if secret is not None:
        # bound with the code of the step before, so that the present one still opens the first login
        code = totp.code_at(secret, now // 30 - 1)
        accounts.bind_totp(holder, secret, code, now, channel="demo")
    return {
        "number": number,
        "name": name,
        "phone": phone,
        "password": password,
        "totp_secret": b32encode(secret).decode() if secret is not None else None,
        "totp_digits": totp.DIGITS if secret is not None else None,
        "totp_uri": totp.key_uri(secret, issuer="Manyou demo", account=name) if secret is not None else None,
        "level": "R3",
    }


def _answers(house: House, now: int) -> None:
    police = house.sources["police"]
    for type_code, number, answer in SOURCE_ANSWERS:
        police.load(type_code, "111", number, SourceAnswer(at=now, **answer))


def _issue(house: House, settings: Settings, secrets_of: dict[str, str]) -> list[dict[str, Any]]:
    made = []
    for place, (client_id, body) in enumerate(LICENCES):
        authority = Hall(
            settings.server.provider,
            client_id,
            secrets_of[client_id],
            transport=WsgiAdapter(house.application),
        )
        token = authority.client_token(scope="issue", resource=settings.elicense.resource)
        issued = authority.licences.issue(token.access_token, body, idempotency_key=f"demo-licence-{place}")
        made.append({"authority": client_id, "type": body["type"], "identifier": issued["identifier"]})
    return made
