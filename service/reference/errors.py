"""docs/reference/errors.md: every error code: status, what to mend in two languages, and what a page says."""

from __future__ import annotations

import importlib
import pkgutil
import tomllib
from pathlib import Path

from manyou.errors import STATUS, Problem
from service.house import CHECKOUT
from service.reference.writing import page, table
from web import Catalogue
from web.problems import status_of

__all__ = ["MENDS", "errors"]

ROOMS = ("manyou", "store", "ledger", "keys", "holders", "qr", "web", "idp", "eLicense", "portal", "service")
MENDS = Path(__file__).with_name("mends.toml")
"""What to mend, in Chinese, by code; the English is the classes' own."""
HEAD = ("code", "HTTP", "category", "怎样改正", "what to mend", "on a page", "raised by")
INTRODUCTION = """\
An answer carries the code and what to mend (RFC 9457, or OAuth's `error` and `error_description`); the SDK
raises the class of the same code, or of its category. A code never changes its meaning. Where a code has no
sentence of its own, a page shows its category's."""


def errors() -> str:
    """The page."""
    catalogue = Catalogue.load(sorted(CHECKOUT.glob("*/texts.toml")))
    chinese = tomllib.loads(MENDS.read_text("utf-8"))
    found: dict[tuple[str, str, str, str], set[str]] = {}
    for problem in _problems():
        status = status_of(problem.__new__(problem))
        category = STATUS[status].code if status in STATUS else "problem"
        entry = (problem.code, str(status), category, problem.mend)
        found.setdefault(entry, set()).add(problem.__module__.split(".")[0])
    rows = [
        (
            *(f"`{code}`", status, f"`{category}`"),
            *(chinese.get(code, ""), mend, _sentence(catalogue, code), ", ".join(sorted(rooms))),
        )
        for (code, status, category, mend), rooms in sorted(found.items())
    ]
    return page("Error codes", INTRODUCTION, table(HEAD, rows))


def _sentence(catalogue: Catalogue, code: str) -> str:
    key = f"problem.{code}"
    return catalogue.plain(key) if key in catalogue else "the category's"


def _problems() -> list[type[Problem]]:
    """Every refusal there is, once all modules of all rooms are loaded."""
    for name in ROOMS:
        room = importlib.import_module(name)
        for module in pkgutil.walk_packages(room.__path__, f"{name}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    found: list[type[Problem]] = [Problem]
    for problem in found:
        found += [each for each in problem.__subclasses__() if each not in found]
    return [problem for problem in found if problem.__module__.split(".")[0] in ROOMS]
