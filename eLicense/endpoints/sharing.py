"""What halls and verifiers ask for: uses by matter, and checks of codes."""

from __future__ import annotations

from eLicense.access import anybody_or_bearer, bearer
from eLicense.addresses import BASE
from eLicense.code.checking import Checking, CodeSent
from eLicense.ports import Ports
from eLicense.settings import LicenceSettings
from eLicense.sharing.asked import UseSent
from eLicense.sharing.uses import Uses
from web import Call, Endpoint, Reply

__all__ = ["endpoints"]

_BODY_LIMIT = 8 * 1024


def endpoints(
    settings: LicenceSettings, ports: Ports, uses: Uses, checking: Checking
) -> tuple[Endpoint, ...]:
    """The sharing routes."""

    def use(call: Call) -> Reply:
        return Reply.json(uses.use(call.principal, call.json(UseSent), call.now))

    def check(call: Call) -> Reply:
        return Reply.json(checking.check(call.principal, call.json(CodeSent), call.now))

    return (
        Endpoint("POST", f"{BASE}/uses", use, bearer(ports.tokens, settings), body_limit=_BODY_LIMIT),
        Endpoint(
            "POST",
            f"{BASE}/codes/check",
            check,
            anybody_or_bearer(ports.tokens, settings),
            body_limit=_BODY_LIMIT,
        ),
    )
