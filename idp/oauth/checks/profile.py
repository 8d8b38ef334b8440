"""What the client's profile, or the operator, demands of a request as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from idp.oauth.clients.profiles import POLICIES
from idp.oauth.errors import InvalidRequest
from idp.oauth.requests.response import MODES

if TYPE_CHECKING:
    from idp.oauth.requests.asking import Asking

__all__ = ["as_profiled", "pkce_demanded"]

SIGNING: Final = "fapi2-message-signing"


def _not_pushed(asking: Asking) -> bool:
    client, settings = asking.client, asking.engine.settings
    demanded = client.par_required or client.fapi or settings.par_required
    return demanded and asking.pushed is None and not asking.pushing


def _not_signed(asking: Asking) -> bool:
    client = asking.client
    return (client.signed_request_required or client.profile == SIGNING) and not asking.signed


def _open_answer(asking: Asking) -> bool:
    return asking.client.profile == SIGNING and not MODES[asking.mode].jwt


DEMANDS: Final[tuple[tuple[Callable[[Asking], bool], str], ...]] = (
    # RFC 9126 § 5 and § 6, FAPI 2.0 Security Profile § 5.3.2.2
    (_not_pushed, "Push the request to pushed_authorization_request_endpoint, and send its request_uri."),
    # RFC 9101 § 10.5, FAPI 2.0 Message Signing § 5.3.1
    (_not_signed, "Send the request as a signed request object in the parameter request."),
    # FAPI 2.0 Message Signing § 5.4.1
    (_open_answer, "Send response_mode=jwt; this client's responses are signed."),
)
"""Whether it is lacking → what to do."""


def as_profiled(asking: Asking) -> None:
    """The request came the way that this client's requests have to come."""
    for lacking, mend in DEMANDS:
        if lacking(asking):
            raise InvalidRequest(mend)


def pkce_demanded(asking: Asking) -> bool:
    """RFC 7636 is for everybody but confidential clients whose operator decided otherwise."""
    return asking.client.pkce_required or asking.client.fapi or POLICIES[asking.client.profile].pkce
