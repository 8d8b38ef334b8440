"""The back-channel authentication endpoint (CIBA § 7): a hall asks, the person's own page answers.

Poll and ping; no user code. The answer is the same, and takes the same steps, whether the hint names somebody
or nobody: a request to nobody waits until it ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idp.oauth.checks.petition import (
    acr_listed,
    expiry,
    grant_allowed,
    login_asked,
    message_plain,
    notification,
    object_opened,
    one_hint,
)
from idp.oauth.checks.redirection import once
from idp.oauth.checks.scope import authorization_details, resources_registered, scopes_allowed
from idp.oauth.waiting.petition import Petition, free_place
from idp.oauth.waiting.waiting import CIBA, Waiting, keep

if TYPE_CHECKING:
    from collections.abc import Callable

    from idp.oauth.clients.client import Client
    from idp.oauth.engine import Engine
    from web.call import Call

__all__ = ["PETITION_CHECKS", "petition"]

PETITION_CHECKS: Final[tuple[Callable[[Petition], None], ...]] = (
    grant_allowed,
    once,
    object_opened,
    scopes_allowed,
    login_asked,
    resources_registered,
    authorization_details,
    acr_listed,
    expiry,
    message_plain,
    notification,
    one_hint,
)


def petition(engine: Engine, call: Call, client: Client) -> dict[str, Any]:
    """Let a request of an authenticated client wait for the person it names.

    Raises:
        OAuthError: what is wrong with it.
        TooMany: as many wait for this person as may.

    """
    asking = Petition(engine, call, call.form, call.now)
    asking.client = client
    for check in PETITION_CHECKS:
        check(asking)
    place = free_place(engine, asking.subject, client.client_id, call.now)
    waiting = Waiting.of(
        asking,
        call.now + asking.seconds,
        subject=asking.subject,
        message=asking.message,
        acrs=asking.acrs,
        notify=asking.notify,
    )
    return {
        "auth_req_id": keep(engine, CIBA, place, waiting),
        "expires_in": asking.seconds,
        "interval": engine.settings.poll_seconds,
    }
