"""docs/testing.md says what is: its script logs in, its tables name each member of demo.json, each field."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.flows.plain_browser import PlainBrowser, forms
from tests.flows.province import Province

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text("utf-8")


def test_the_script_logs_in(province: Province, tmp_path: Path) -> None:
    script = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert script
    (tmp_path / "var").symlink_to(province.folder)
    command = [sys.executable, "-W", "ignore", "-c", script[1]]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert ran.stdout.strip() == f"{province.hall_a}/me", ran.stderr


def test_every_member_of_demo_json_is_told(province: Province) -> None:
    for name, value in province.facts.items():
        assert f"`{name}" in PAGE, name
        first = value[0] if isinstance(value, list) and isinstance(value[0], dict) else {}
        for member in first:
            assert f"`{member}`" in PAGE, (name, member)


def test_every_field_of_the_login_is_told(province: Province) -> None:
    with PlainBrowser() as browser:
        for path in ("/login", "/activate"):
            (form,) = forms(browser.get(province.issuer + path).page.text)
            for name in form.inputs:
                assert f"`{name}`" in PAGE, (path, name)
