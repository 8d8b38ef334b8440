"""Settings: every fault at once, nothing unknown, nothing dangerous, told in words an operator can act on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.cli import main
from service.demo.folder import Demo, lay_out
from service.loading import SettingsFault
from service.settings import DERIVED, SETTINGS_FILE, file_faults, load_settings

DEVELOPMENT = """
environment = "development"
transport = "LocalDemo"
[keys]
master_key_file = "master.key"
"""
PUBLIC = """
[server]
provider = "https://id.example.gov.cn"
portal = "https://my.example.gov.cn"
[keys]
master_key_file = "master.key"
"""


Faults = Callable[..., list[str]]


@pytest.fixture
def faults(tmp_path: Path) -> Faults:
    """What is wrong with a text, with some environment."""

    def found(text: str, **environ: str) -> list[str]:
        file = tmp_path / "manyou.toml"
        file.write_text(text, "utf-8")
        try:
            load_settings({SETTINGS_FILE: str(file), **environ})
        except SettingsFault as fault:
            return fault.faults
        return []

    return found


def test_development_on_loopback_is_fine(faults: Faults) -> None:
    assert faults(DEVELOPMENT) == []


def test_all_faults_are_told_at_once(faults: Faults) -> None:
    text = """
    transport = "LocalDemo"
    demo = "demo.json"
    colour = "red"
    [server]
    port = "many"
    [keys]
    retire_after = 0
    [idp.oauth]
    code_seconds = 61
    retry_seconds = 11
    unknown = 1
    [qr]
    mask = 9
    """
    told = faults(text, MANYOU_STORE__ENGINE="oracle")
    beginnings = [each.partition(":")[0] for each in told]
    for key in ("transport", "demo", "colour", "server.port", "keys.master_key_file", "idp.oauth.unknown"):
        assert key in beginnings, told
    for key in ("qr.mask", "store.engine"):
        assert key in beginnings, told


def test_a_rooms_own_rules_are_applied(faults: Faults) -> None:
    text = DEVELOPMENT + "publish_ahead = 1\n[idp.oauth]\ncode_seconds = 61\nretry_seconds = 11\n"
    told = faults(text + "[idp.passwords]\nleast_length = 4\n[elicense]\ncode_seconds = 4\n")
    for part in ("keys.publish_ahead", "idp.oauth.code_seconds", "idp.oauth.retry_seconds"):
        assert any(each.startswith(part) for each in told), told
    for part in ("idp.passwords.least_length", "elicense.code_seconds"):
        assert any(each.startswith(part) for each in told), told


@pytest.mark.parametrize(
    ("text", "environ", "named"),
    [
        (DEVELOPMENT.replace("development", "production"), {}, "transport"),
        (f'demo = "demo.json"\n{PUBLIC}', {}, "demo"),
        (PUBLIC, {"AUTHLIB_INSECURE_TRANSPORT": "1"}, "AUTHLIB_INSECURE_TRANSPORT"),
        (PUBLIC, {}, "environment"),  # no gateway for text messages
        (PUBLIC.replace("https://id", "http://id"), {}, "server.provider"),
        (PUBLIC.replace("id.example.gov.cn", "id.example.gov.cn/province"), {}, "server.provider"),
        (PUBLIC.replace("https://my.example", "https://id.example"), {}, "server.portal"),
        (PUBLIC.replace("my.example.gov.cn", "id.example.gov.cn:8443"), {}, "server.portal"),
        (PUBLIC.replace("my.example.gov.cn", "my.example.gov.cn:443"), {}, "server.portal"),
        (PUBLIC.replace("my.example", "My.example"), {}, "server.portal"),
        (PUBLIC.replace("my.example.gov.cn", "my.example.gov.cn/portal"), {}, "server.portal"),
        (PUBLIC.replace("my.example.gov.cn", "user@my.example.gov.cn"), {}, "server.portal"),
        (PUBLIC.replace("my.example.gov.cn", "[::1"), {}, "server.portal"),
        ("[keys]\nmaster_key_file = 'k'", {}, "server.provider"),
        (f'transport = "LocalDemo"\n{PUBLIC}', {}, "server.provider"),
        (DEVELOPMENT, {"MANYOU_SERVER__ADDRESS": "0.0.0.0"}, "server.address"),  # noqa: S104 - refused
        (DEVELOPMENT, {"MANYOU_SERVER__TRUSTED_PROXIES": "10.0.0.0/8"}, "server.trusted_proxies"),
        (DEVELOPMENT, {"MANYOU_STORE__EXPIRING": "redis"}, "store.expiring_url_file"),
        (DEVELOPMENT, {"MANYOU_SERVER__CERTIFICATE_HEADER": "Client-Cert"}, "server.certificate_header"),
        (
            DEVELOPMENT,
            {"MANYOU_SERVER__TRUSTED_PROXIES": "::1", "MANYOU_SERVER__CERTIFICATE_HEADER": "a b"},
            "server.certificate_header",
        ),
        (DEVELOPMENT, {"MANYOU_SERVER__MTLS": "https://localhost:8443"}, "server.certificate_header"),
        (DEVELOPMENT, {"MANYOU_SERVER__MTLS": "http://localhost:8443"}, "server.mtls"),
        (DEVELOPMENT, {"MANYOU_STORE__ENGINE": "postgres"}, "store.dsn_file"),
        (DEVELOPMENT, {"MANYOU_KEYS__RETIRE_SEAL_AFTER": "86400"}, "keys.retire_seal_after"),
        (DEVELOPMENT, {"MANYOU_KEYS__RETIRE_AFTER": "60"}, "keys.retire_after"),
        (f"{PUBLIC}publish_ahead = 60", {}, "keys.publish_ahead"),
        (PUBLIC, {"MANYOU_FETCH__LOOPBACK": "DevelopmentLoopback"}, "fetch.loopback"),
        (DEVELOPMENT, {"MANYOU_FETCH__NETWORKS": "everywhere"}, "fetch.networks"),
        (DEVELOPMENT, {"MANYOU_KEYS__ENVIRONMENT": "development"}, "keys.environment"),
        (DEVELOPMENT, {"MANYOU_IDP__ENVIRONMENT": "development"}, "idp.environment"),
    ],
)
def test_what_is_dangerous_is_refused_and_named(
    faults: Faults, text: str, environ: dict[str, str], named: str
) -> None:
    told = faults(text, **environ)
    assert named in [each.partition(":")[0] for each in told], told


def test_production_as_it_should_be_lacks_the_gateway_alone(faults: Faults) -> None:
    assert [each.partition(":")[0] for each in faults(PUBLIC)] == ["environment"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("MANYOU_SERVER__PORT", "--5"),
        ("MANYOU_SERVER__PORT", "8000 "),
        ("MANYOU_SERVER__PORT", "\u0668"),
        ("MANYOU_SERVER__PORT", "9" * 5000),
        ("MANYOU_SERVER", "x"),
        ("MANYOU_TRANSPORT", "plain"),
        ("MANYOU_TRANSPORT__X", "1"),
        ("MANYOU_KEYS__MASTER_KEY_FILE", ""),
        ("MANYOU_IDP__", "1"),
        ("MANYOU_NOTHING__HERE", "1"),
    ],
)
def test_a_wrong_environment_is_refused(faults: Faults, name: str, text: str) -> None:
    assert faults(DEVELOPMENT, **{name: text})


def test_the_environment_goes_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "manyou.toml"
    file.write_text(DEVELOPMENT, "utf-8")
    environ = {
        SETTINGS_FILE: str(file),
        "MANYOU_DEPLOYMENT": "elsewhere",
        "MANYOU_IDP__OAUTH__CODE_SECONDS": "30",
        "MANYOU_SERVER__TRUSTED_PROXIES": "127.0.0.1, ::1",
        "MANYOU_PORT": "tcp://10.0.0.1:8000",  # an orchestrator's, not ours
    }
    settings = load_settings(environ)
    assert settings.keys.deployment == settings.elicense.deployment == settings.deployment == "elsewhere"
    assert settings.idp.oauth.code_seconds == 30
    assert settings.server.trusted_proxies == {"127.0.0.1", "::1"}


@pytest.mark.parametrize("text", ["= 1", "\x00", '[server]\nport = "é'])
def test_an_unreadable_file_is_one_fault_and_no_trace(faults: Faults, text: str) -> None:
    assert "manyou.toml" in faults(text)[0]


def test_what_follows_from_another_setting_exists_and_is_never_set() -> None:
    from service.reference.settings import settings

    page = settings()
    for key, source in DERIVED.items():
        assert f"| `{key}` | " in page
        assert f"| follows from `{source}` |" in page


@pytest.fixture
def laid_out(tmp_path: Path) -> Demo:
    demo = Demo(tmp_path)
    lay_out(demo, {})
    return demo


@pytest.fixture
def clean_environment() -> Iterator[None]:
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.usefixtures("clean_environment")
def test_settings_check_tells_good_and_bad(laid_out: Demo) -> None:
    given = ["--settings", str(laid_out.settings_file), "settings", "check"]
    good = CliRunner().invoke(main, given)
    assert (good.exit_code, good.output) == (0, "settings: good\n")
    (laid_out.folder / "portal.secret").chmod(0o644)
    (laid_out.folder / "master.key").unlink()
    bad = CliRunner().invoke(main, given)
    assert bad.exit_code == 1
    assert "keys.master_key_file" in bad.output
    assert "portal.client_secret_file" in bad.output
    assert "Traceback" not in bad.output
    worse = CliRunner().invoke(main, given, env={"MANYOU_ENVIRONMENT": "production", "MANYOU_X__Y": "1"})
    assert worse.exit_code == 1
    assert "transport: " in worse.output
    assert "x: no such setting" in worse.output


def test_a_secret_that_others_can_read_is_refused(laid_out: Demo) -> None:
    settings = load_settings({SETTINGS_FILE: str(laid_out.settings_file)})
    assert file_faults(settings) == []
    (laid_out.folder / "master.key").chmod(0o640)
    assert [each.partition(":")[0] for each in file_faults(settings)] == ["keys.master_key_file"]


def test_no_setting_holds_a_secret_itself() -> None:
    from service.reference.settings import settings

    for line in settings().splitlines():
        key = line.split("|")[1].strip().strip("`") if line.startswith("| `") else ""
        name = key.rpartition(".")[2]
        if any(part in name for part in ("secret", "password", "dsn", "master_key", "token")):
            numbers = ("_seconds", "_length", "_after")
            assert name.endswith(("_file", *numbers)), key


@pytest.mark.parametrize(("threads", "waiting", "good"), [(32, 16, True), (31, 16, False), (32, 17, False)])
def test_logins_leave_threads_for_tokens(faults: Faults, threads: int, waiting: int, *, good: bool) -> None:
    text = f"{DEVELOPMENT}[server]\nthreads = {threads}\n[idp.passwords]\nwaiting = {waiting}\n"
    assert [each.partition(":")[0] for each in faults(text)] == ([] if good else ["server.threads"])
