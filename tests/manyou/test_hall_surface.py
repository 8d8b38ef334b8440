"""What halls may rely on; importing it stays cheap."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

SURFACE = {
    "manyou.hall": (
        "DpopKey EndedLogins ForeignAnswer Hall InvalidIdToken InvalidLogoutToken LicenceLibrary LoggedOut "
        "Login LoginRefused Pending ProviderUnavailable "
        "StepUpNeeded TokenRefused Tokens"
    ),
    "manyou.flask": "CurrentUser FlaskHall",
    "manyou.transports": "WsgiAdapter",
    "manyou.resource": "Access AccessRefused ResourceServer",
    "manyou.verifier": "Checked Verifier",
}
HEAVY = {"requests", "authlib", "joserfc", "jwt", "flask"}


@pytest.mark.parametrize("module", SURFACE)
def test_public_names(module: str) -> None:
    loaded = importlib.import_module(module)
    assert sorted(loaded.__all__) == SURFACE[module].split()


@pytest.mark.parametrize("module", ["manyou.hall", "manyou.verifier"])
def test_a_client_loads_nothing_heavy_before_its_first_use(module: str) -> None:
    program = f"""
import sys
from {module} import *
from manyou.hall import Hall
Hall("https://login.example", "hall")
print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert HEAVY & set(done.stdout.split()) == set()
