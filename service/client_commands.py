"""``manyou client …`` and ``registration-token``: what an operator does about clients (docs/clients.md)."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from service.opening import opened_house

__all__ = ["client", "registration_token"]

DAY = 86_400
_ASSIGNED = "FIELD=VALUE; lists with commas, @FILE for the text of a file"


@click.group()
def client() -> None:
    """Clients: halls, terminals, services."""


@client.command("add")
@click.argument("client_id")
@click.argument("fields", nargs=-1)
def client_add(client_id: str, fields: tuple[str, ...]) -> None:
    """Register CLIENT_ID with FIELD=VALUE …, and print its secret this once."""
    from idp.oauth.registering import operators

    with opened_house() as house:
        secret = operators.add(house.provider.oauth.engine, client_id, _texts(fields), int(time.time()))
    click.echo(secret or "registered, without a secret")


@client.command("change")
@click.argument("client_id")
@click.argument("fields", nargs=-1, required=True)
def client_change(client_id: str, fields: tuple[str, ...]) -> None:
    """Change FIELD=VALUE … of CLIENT_ID; everything else stays."""
    from idp.oauth.registering import operators

    with opened_house() as house:
        secret = operators.change(house.provider.oauth.engine, client_id, _texts(fields), int(time.time()))
    click.echo(secret or "changed")


@client.command("show")
@click.argument("client_id")
def client_show(client_id: str) -> None:
    """Print the record of CLIENT_ID, without its secrets."""
    from idp.oauth.registering import operators

    with opened_house() as house:
        found = operators.shown(house.provider.oauth.engine, client_id)
    click.echo(json.dumps(found, ensure_ascii=False, indent=1))


@client.command("list")
def client_list() -> None:
    """Print every client_id, and which are disabled."""
    from idp.oauth.registering import operators

    with opened_house() as house:
        for name, enabled in operators.listed(house.provider.oauth.engine):
            click.echo(name if enabled else f"{name} disabled")


@client.command("rotate-secret")
@click.argument("client_id")
@click.option("--overlap-days", default=7, type=click.IntRange(0, 90), help="how long the old one stays good")
def client_rotate_secret(client_id: str, overlap_days: int) -> None:
    """Print a new secret of CLIENT_ID this once; the old one stays good for the overlap."""
    from idp.oauth.registering import operators

    with opened_house() as house:
        engine = house.provider.oauth.engine
        click.echo(operators.rotate_secret(engine, client_id, overlap_days * DAY, int(time.time())))


@client.command("disable")
@click.argument("client_id")
def client_disable(client_id: str) -> None:
    """Keep CLIENT_ID and all its tokens out, at once."""
    _switch(client_id, enabled=False)


@client.command("enable")
@click.argument("client_id")
def client_enable(client_id: str) -> None:
    """Let CLIENT_ID in again."""
    _switch(client_id, enabled=True)


def _switch(client_id: str, *, enabled: bool) -> None:
    from idp.oauth.registering import operators

    with opened_house() as house:
        operators.switch(house.provider.oauth.engine, client_id, enabled=enabled, now=int(time.time()))
    click.echo("enabled" if enabled else "disabled")


@click.command("registration-token")
@click.option("--profile", default="basic", help="policy of the clients that register")
@click.option("--scope", default="openid profile offline_access", help="what they may ask for at most")
@click.option("--audience", "audiences", multiple=True, help="a resource that they may ask tokens for")
@click.option("--detail-type", "details", multiple=True, help="a type of authorization_details")
@click.option("--grant", "grants", multiple=True, help="a grant besides code, refresh, client credentials")
@click.option("--public-subjects", is_flag=True, help="let them choose subjects that are the same everywhere")
@click.option("--uses", default=1, type=click.IntRange(1, 10_000), help="how many clients")
@click.option("--days", default=7, type=click.IntRange(1, 366), help="until when")
def registration_token(
    *,
    profile: str,
    scope: str,
    audiences: tuple[str, ...],
    details: tuple[str, ...],
    grants: tuple[str, ...],
    public_subjects: bool,
    uses: int,
    days: int,
) -> None:
    """Print an initial access token: whoever has it may register clients under these terms."""
    from idp.oauth.clients.profiles import POLICIES
    from idp.oauth.registering import operators
    from idp.oauth.registering.initial import ANYBODY, Terms
    from idp.oauth.scopes import SCOPES

    if profile not in POLICIES:
        raise click.BadParameter(f"one of {', '.join(POLICIES)}", param_hint="--profile")
    scopes = tuple(scope.split())
    if unknown := sorted(set(scopes) - set(SCOPES)):
        raise click.BadParameter(f"{' '.join(unknown)}: no such scope", param_hint="--scope")
    terms = Terms(
        profile=profile,
        scopes=scopes,
        audiences=audiences,
        detail_types=details,
        grants=(*ANYBODY.grants, *grants),
        subject_types=("pairwise", "public") if public_subjects else ("pairwise",),
    )
    with opened_house() as house:
        engine, now = house.provider.oauth.engine, int(time.time())
        click.echo(operators.ticket(engine, terms, uses=uses, seconds=days * DAY, now=now))


def _texts(fields: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in fields:
        name, equals, text = each.partition("=")
        if not equals or name in found:
            raise click.BadParameter(f"{each}: {_ASSIGNED}, each once")
        found[name] = Path(text[1:]).read_text("utf-8") if text.startswith("@") else text
    return found
