"""The citizen's and company's licences, and the verifier: a relying party like any foreign hall.

It sees ``web`` and ``manyou`` only. Who is logged in stands in a sealed cookie, tokens included; licences,
codes and traces are asked of the licence library on every request and never kept here. The verifier's pages
need no login, and opening one changes nothing.
"""

from __future__ import annotations

from portal.building import MENU, STATIC, TEMPLATES, TEXTS, build
from portal.settings import PortalSettings

__all__ = ["MENU", "STATIC", "TEMPLATES", "TEXTS", "PortalSettings", "build"]
