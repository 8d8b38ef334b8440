"""The command ``manyou``: serve, and what an operator does beside a running server."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from manyou.errors import Problem
from service.client_commands import client, registration_token
from service.opening import opened_house, read_settings

if TYPE_CHECKING:
    from service.demo.folder import Demo

__all__ = ["main"]

SETTINGS_FILE = "MANYOU_SETTINGS"
"""As in ``service.settings``, which imports every room: too much for ``manyou --help``."""


@click.group()
@click.version_option(package_name="manyou-service", prog_name="manyou")
@click.option(
    "--settings", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="manyou.toml"
)
def main(file: Path | None) -> None:
    """One login, one licence library, one code: 一次认证, 一证通用, 一码通行."""
    os.umask(0o077)  # whatever we write is for this user alone
    if file is not None:
        os.environ[SETTINGS_FILE] = str(file.resolve())


@main.command()
@click.option("--demo", is_flag=True, help="the demo province on loopback, with two halls")
@click.option("--folder", type=click.Path(path_type=Path), default=Path("var"), help="the demo's folder")
@click.option("--port", default=8000, help="the demo's port")
@click.option("--halls", nargs=2, type=int, default=(8001, 8002), help="the demo halls' ports")
@click.option("--no-halls", is_flag=True, help="without the demo halls")
@click.option("--tls", is_flag=True, help="the demo over https, by an authority made on the spot")
def serve(*, demo: bool, folder: Path, port: int, halls: tuple[int, int], no_halls: bool, tls: bool) -> None:
    """Run the service until it is told to stop."""
    from service.serve import AddressInUse
    from service.serve import serve as run

    try:
        if demo:
            from service.demo.folder import Demo

            _serve_demo(Demo(folder, port, halls, tls), with_halls=not no_halls)
        else:
            settings = read_settings()
            server = settings.server
            run(
                server.address,
                server.port,
                threads=server.threads,
                workers=server.workers,
                rolling=settings.store.engine == "postgres",
                drain_seconds=server.drain_seconds,
                watch=(settings.watch.address, settings.watch.port) if settings.watch.port else None,
            )
    except AddressInUse as taken:
        raise click.ClickException(f"another server listens on {taken}") from taken


@main.command("demo")
@click.option("--folder", type=click.Path(path_type=Path), default=Path("var"), help="the demo's folder")
@click.option("--port", default=8000, help="the demo's port")
@click.option("--halls", nargs=2, type=int, default=(8001, 8002), help="the demo halls' ports")
@click.option("--tls", is_flag=True, help="over https, by an authority made on the spot")
@click.option(
    "--conformance", metavar="URL", help="https://‹suite host›/test/a/‹alias›: clients for the suite"
)
def demo_command(
    *, folder: Path, port: int, halls: tuple[int, int], tls: bool, conformance: str | None
) -> None:
    """Make the demo's folder ready without serving it; with --conformance also beside a running server."""
    from service.demo.folder import Demo, ready

    demo = Demo(folder, port, halls, tls)
    if not ready(demo):
        raise click.ClickException("the demo province could not be made ready; see above")
    if reason := demo.otherwise_begun(with_halls=False):
        raise click.ClickException(reason)
    if conformance is None:
        click.echo(demo.facts_file)
        return
    from service.demo.conformance import SUITE, prepare_conformance

    if not SUITE.fullmatch(conformance):
        raise click.ClickException("--conformance: https://‹suite host›/test/a/‹alias› is meant")
    os.environ[SETTINGS_FILE] = str(demo.settings_file.resolve())
    with opened_house() as house:
        click.echo(prepare_conformance(demo, house, conformance, int(time.time())))


def _serve_demo(demo: Demo, *, with_halls: bool) -> None:
    from service.capacity import THREADS
    from service.demo.announcement import announce
    from service.demo.certificate_listener import CertificateListener
    from service.demo.folder import ready
    from service.demo.halls import Halls
    from service.demo.nginx import nginx
    from service.serve import check_address
    from service.serve import serve as run

    asks = [demo.mtls_port] if demo.mtls else []
    for each in (demo.port, *(demo.hall_ports if with_halls else ()), *asks):
        check_address("127.0.0.1", each)
    if not ready(demo):
        raise click.ClickException("the demo province could not be made ready; see above")
    if reason := demo.otherwise_begun(with_halls=with_halls):
        raise click.ClickException(reason)
    os.environ[SETTINGS_FILE] = str(demo.settings_file.resolve())
    announce(demo)
    program = nginx() if demo.facts().get("mtls") else None
    companions = [
        *([Halls(demo)] if with_halls else ()),
        *([CertificateListener(demo, program)] if program else ()),
    ]
    try:
        run("127.0.0.1", demo.port, threads=THREADS, tls=demo.certificate)
    finally:
        for companion in companions:
            companion.stop()


main.add_command(client)
main.add_command(registration_token)


@main.group()
def settings() -> None:
    """Settings."""


@settings.command("check")
def settings_check() -> None:
    """Report every fault of the settings at once, and whether the files that they name can be read."""
    from service.settings import file_faults

    if faults := file_faults(read_settings()):
        raise click.ClickException("\n".join(["settings:", *faults]))
    click.echo("settings: good")


@main.command("migrate")
def migrate_command() -> None:
    """Apply the migrations that wait, as the role that owns the tables; servers go on meanwhile."""
    from store import migrate, open_durable

    try:
        durable = open_durable(read_settings().store, checkpoints=False)
        try:
            click.echo(f"applied {migrate(durable)}")
        finally:
            durable.close()
    except Problem as problem:
        raise click.ClickException(f"{problem}. {problem.mend}") from problem


@main.group()
def registry() -> None:
    """People, organisations and offices from the registries."""


@registry.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def registry_import(file: Path) -> None:
    """Take over FILE (CSV or JSON lines, see docs/registry-import.md); safe to repeat."""
    with opened_house() as house:
        report = house.provider.registry.run(file, int(time.time()))
    for bad in report.bad:
        click.echo(f"line {bad.line}: {bad.reason}", err=True)
    click.echo(f"new {report.new}, changed {report.changed}, same {report.same}, bad {len(report.bad)}")
    sys.exit(1 if report.bad else 0)


@main.group()
def keys() -> None:
    """Key rings."""


@keys.command("rotate")
@click.argument("ring")
@click.option("--algorithm", default="ES256")
def keys_rotate(ring: str, algorithm: str) -> None:
    """Publish a new key of RING; the server makes it active when every cache has it."""
    with opened_house() as house:
        click.echo(house.keys.rotate(ring, algorithm))


@main.group()
def catalogue() -> None:
    """Authorities, licence types, matters and use grants."""


@catalogue.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def catalogue_load(file: Path) -> None:
    """Take over FILE (TOML); safe to repeat, also while serving."""
    from eLicense.catalogue import load, read

    with opened_house() as house:
        changed = load(read(file), durable=house.durable, keys=house.keys, now=int(time.time()))
    click.echo(f"changed {changed}")


@main.command()
@click.option("--folder", type=click.Path(path_type=Path), default=Path("docs/reference"))
def docs(folder: Path) -> None:
    """Write the reference of settings, errors and endpoints off the code."""
    from service.reference import write

    for path in write(folder):
        click.echo(path)
