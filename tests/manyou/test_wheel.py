"""The SDK as others get it: its wheel, away from the checkout, passes its own tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's content alone in ``site`` and the SDK's tests in ``suite``."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=CHECKOUT / "sdk/python", check=True, capture_output=True)
    (wheel,) = folder.glob("manyou-*-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    for name in ("manyou", "vectors"):
        shutil.copytree(
            CHECKOUT / "tests" / name,
            folder / "suite/tests" / name,
            ignore=shutil.ignore_patterns("__pycache__", Path(__file__).name),
        )
    return folder


def python(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python that finds the wheel, the suite and the other packages, but nothing of the checkout."""
    path = [
        installed / "site",
        installed / "suite",
        sysconfig.get_path("purelib"),
        sysconfig.get_path("platlib"),
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    # -S: no .pth files, by which an editable install would lead back to the checkout
    return subprocess.run(
        [sys.executable, "-S", *arguments],
        cwd=installed / "suite",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_holds_the_package_and_its_types(installed: Path) -> None:
    site = installed / "site"
    files = {str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()}
    source = CHECKOUT / "sdk/python/src"
    assert {str(path.relative_to(source)) for path in source.rglob("*.py")} <= files
    assert "manyou/py.typed" in files
    assert {name.partition("/")[0].partition("-")[0] for name in files} == {"manyou"}


def test_nothing_comes_from_the_checkout(installed: Path) -> None:
    done = python(installed, "-c", "import manyou, sys; print(manyou.__file__, *sys.path)")
    assert done.stdout.startswith(str(installed / "site"))
    assert str(CHECKOUT / "sdk") not in done.stdout


def test_the_suite_passes_on_the_wheel(installed: Path) -> None:
    options = ("--import-mode=importlib", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "error", "-q")
    done = python(installed, "-m", "pytest", *options, "tests/manyou")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
