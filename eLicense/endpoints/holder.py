"""What a holder's own pages ask for: file, trace, codes."""

from __future__ import annotations

from typing import Final

from eLicense.access import holder, need_level
from eLicense.addresses import BASE
from eLicense.code.minting import CodeAsked, Minting
from eLicense.file.own import OwnFile
from eLicense.file.trace import PAGE_MOST, Trace
from eLicense.ports import Ports
from eLicense.settings import LicenceSettings
from manyou.errors import BadRequest
from web import Call, Endpoint, Reply

__all__ = ["endpoints"]

_PAGE_USUAL: Final = 50


def endpoints(
    settings: LicenceSettings, ports: Ports, own: OwnFile, trace: Trace, minting: Minting
) -> tuple[Endpoint, ...]:
    """The holder's routes; the token says whose file."""

    def overview(call: Call) -> Reply:
        return Reply.json(own.overview(call.principal, call.now))

    def licence(call: Call) -> Reply:
        return Reply.json(own.licence(call.principal, call.args["licence_id"], call.now))

    def events(call: Call) -> Reply:
        need_level(call.principal, settings, call.now)
        limit = _limit(call.query.get("limit"))
        return Reply.json(trace.page(call.principal, call.query.get("before"), limit))

    def mint(call: Call) -> Reply:
        return Reply.json(minting.mint(call.principal, call.json(CodeAsked), call.now))

    admit = holder(ports.tokens, settings)
    return (
        Endpoint("GET", f"{BASE}/file", overview, admit),
        Endpoint("GET", f"{BASE}/file/<licence_id>", licence, admit),
        Endpoint("GET", f"{BASE}/trace", events, admit),
        Endpoint("POST", f"{BASE}/codes", mint, admit),
    )


def _limit(text: str | None) -> int:
    if text is None:
        return _PAGE_USUAL
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= PAGE_MOST):
        raise BadRequest(f"Send limit as a number from 1 to {PAGE_MOST}.")
    return int(text)
