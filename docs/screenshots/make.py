# ruff: noqa: INP001 - a script
"""Take the README's screenshots off the running demo: ``.venv/bin/python docs/screenshots/make.py [FOLDER]``.

The same steps and the same helpers as the tests in ``tests/flows``; every picture is reduced to 96 colours,
and none may be larger than 80 KiB.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # the checkout, when run as a script

from PIL import Image

from tests.flows.chromium import DESKTOP, PHONE, agree, begun, code_shown, log_in, opened, verdict
from tests.flows.province import CHEN, FOOD, Province, food_permit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

COLOURS = 96
MOST_BYTES = 80 * 1024
DESK = {**DESKTOP, "viewport": {"width": 1024, "height": 700}}
SHOTS = {"desktop": DESK, "phone": {**PHONE, "device_scale_factor": 1.5}}
LIGHT: dict[str, Any] = {"color_scheme": "light"}
PERMITS = {"desktop": "JY13500000000208", "phone": "JY13500000000216"}


def main() -> None:
    """Take them all, at both sizes."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    with tempfile.TemporaryDirectory() as work, begun() as browser:
        province = Province(Path(work) / "var")
        try:
            province.start()
            for size, shape in SHOTS.items():
                story(browser, province, size, shape, folder)
        finally:
            province.stop()


def story(browser: Browser, province: Province, size: str, shape: dict[str, Any], folder: Path) -> None:
    """From hall A's front door to the revoked permit."""

    def take(page: Page, name: str) -> None:
        page.wait_for_load_state()
        save(page.screenshot(), folder / f"{name}-{size}.png")

    with opened(browser, shape, **LIGHT) as chen, opened(browser, shape, **LIGHT) as somebody:
        page, camera = chen.page(), somebody.page()
        page.goto(f"{province.hall_a}/")
        take(page, "1-hall")
        page.goto(f"{province.hall_a}/me")
        page.fill("#identifier", FOOD)
        take(page, "2-login")
        log_in(page, province, CHEN, FOOD)
        agree(page)
        page.get_by_role("button", name="申请并同意用证").click()
        page.wait_for_url(lambda url: "/consent?" in url)
        take(page, "3-consent")
        agree(page)
        authority = province.hall("market-supervision")
        library = authority.licences
        token = authority.client_token(scope="issue", resource=library.resource).access_token
        permit = library.issue(token, food_permit(PERMITS[size]), idempotency_key=f"shown-{PERMITS[size]}")
        page.goto(f"{province.portal}/file")
        take(page, "4-licences")
        card = page.locator(".card:not(.ended)").filter(has_text="食品经营许可证").first
        card.get_by_role("link", name="出示证照码").click()
        page.wait_for_url(lambda url: url.endswith("/code"))
        take(page, "5-code")
        address = code_shown(page)
        verdict(camera, address)
        take(camera, "6-genuine")
        library.transition(token, permit["identifier"], {"operation": "revoke", "reason": "抽检不合格"})
        verdict(camera, address)
        take(camera, "7-revoked")
        page.goto(f"{province.issuer}/account")
        take(page, "8-account")
        page.goto(f"{province.portal}/trace")
        take(page, "9-trace")


def save(picture: bytes, path: Path) -> None:
    """Write the picture small."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{path}: {size} bytes")
    sys.stdout.write(f"{path.name} {size}\n")


if __name__ == "__main__":
    main()
