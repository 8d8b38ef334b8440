"""examples/java-hall: Spring Security's own client, built and started, logs in and fetches a licence.

A machine without a JDK and Maven cannot build it; there these tests say so and are skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.flows import chromium
from tests.flows.plain_browser import PlainBrowser
from tests.flows.province import LIN, Province

CHECKOUT = Path(__file__).parents[2]
JAR = CHECKOUT / "examples/java-hall/target/java-hall.jar"
QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")
"""For a program that lives a few seconds."""
BUILD_SECONDS = 300
"""With everything that Maven fetches the first time."""
START_SECONDS = 60
LOGOUT_SECONDS = 10

JAVA_THERE = shutil.which("javac") and shutil.which("mvn")
pytestmark = pytest.mark.skipif(not JAVA_THERE, reason="examples/java-hall needs a JDK 17 and Maven")


@pytest.fixture(scope="module")
def java_hall(province: Province, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Built where its sources have changed, and running."""
    built = subprocess.run(
        ["make", "java"], cwd=CHECKOUT, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
    )
    assert built.returncode == 0, built.stdout + built.stderr
    environment = {
        **os.environ,
        "HALL_SECRET": province.client("java-hall")["client_secret"],
        "HALL_PORT": province.java_hall.rpartition(":")[2],
        "MANYOU_ISSUER": province.issuer,
    }
    log = tmp_path_factory.mktemp("java-hall") / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["java", *QUICK, "-jar", str(JAR)], env=environment, stdout=out, stderr=out
        )
    try:
        _wait(f"{province.java_hall}/", process, log)
        yield province.java_hall
    finally:
        process.terminate()
        process.wait(20)


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            assert process.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < until, log.read_text("utf-8")
            time.sleep(0.1)


def test_log_in_fetch_a_licence_and_log_out(java_hall: str, province: Province, browser: Browser) -> None:
    with chromium.opened(browser, chromium.PHONE) as lin:
        page = lin.page()
        page.goto(f"{java_hall}/")
        chromium.check_page(page)
        page.click(".button")
        chromium.log_in(page, province, LIN)
        chromium.agree(page)
        page.wait_for_url(f"{java_hall}/me?continue")
        page.click("text=申请并同意用证")
        page.wait_for_url(f"{province.issuer}/consent?**")
        chromium.agree(page)
        page.wait_for_url(f"{java_hall}/cases/SP**")
        chromium.check_page(page)
        shown = page.inner_text("main")
        for word in ("您好，林漫", "居民身份证", "350000199001010018", "结婚证", "2018-05-20"):
            assert word in shown, shown
        number = page.url.rpartition("/")[2].removesuffix("?continue")
        page.click("text=退出登录")
        page.wait_for_url(f"{java_hall}/")
        assert "登录" in page.inner_text("main .button")
        page.goto(f"{java_hall}/me")
        assert page.url.startswith(f"{province.issuer}/login")
        page.goto(f"{province.portal}/trace")
        chromium.log_in(page, province, LIN)
        trace = page.inner_text("main")
        assert number in trace
        assert "云溪市公积金办事大厅" in trace
        assert lin.said == []


def test_no_consent_no_licence(java_hall: str, province: Province) -> None:
    with PlainBrowser() as browser:
        browser.get(f"{java_hall}/me").log_in(province, LIN).agree()
        browser.send("/apply").send("/consent", decision="deny")
        assert browser.url.startswith(f"{java_hall}/licence/given")
        assert "access_denied" in browser.text
        browser.send("/apply").agree()
        assert "✓ 已取得" in browser.text
        other = browser.get(f"{java_hall}/cases/SP0000000000")
        assert other.page.status_code == 403
        assert "use_not_consented" in other.text
        assert "居民身份证" not in other.text


def test_logged_out_elsewhere_is_logged_out_here(java_hall: str, province: Province) -> None:
    with PlainBrowser() as browser:
        browser.get(f"{java_hall}/me").log_in(province, LIN).agree()
        assert "您好， 林漫" in browser.text
        browser.get(f"{province.issuer}/account").send("/account/logout")
        until = time.monotonic() + LOGOUT_SECONDS
        while "您好" in browser.get(f"{java_hall}/").text and time.monotonic() < until:
            time.sleep(0.05)
        assert "您好" not in browser.text
