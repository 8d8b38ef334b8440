"""When a request began, proven by a seal: keeps prompt=login, max_age and prompt=consent without a loop.

The seal binds to the request's other parameters, so the proof of one request serves no other.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from idp.oauth.asking import BEGUN
from idp.oauth.errors import InvalidRequest
from keys.errors import SealBroken

if TYPE_CHECKING:
    from idp.oauth.asking import Asking

__all__ = ["begin", "read"]

KIND: Final = "begun"


def _bound(asking: Asking) -> bytes:
    pairs = sorted(pair for pair in asking.parameters.pairs() if pair[0] != BEGUN)
    return hashlib.sha256(repr(pairs).encode()).digest()


def begin(asking: Asking) -> str:
    """The proof for this request: the one it brought, or a new one that says now."""
    at = asking.now if asking.begun is None else asking.begun
    return asking.engine.keys.seal(KIND, at.to_bytes(8), bound=_bound(asking))


def read(asking: Asking) -> None:
    """Fill in ``begun``; one that is too old counts as none, so login or consent is asked for again.

    Raises:
        InvalidRequest: not a proof of ours for this request.

    """
    text = asking.get(BEGUN)
    if text is None:
        return
    try:
        at = int.from_bytes(asking.engine.keys.open(KIND, text, bound=_bound(asking)))
    except SealBroken as error:
        raise InvalidRequest("Leave out the parameter begun; it is set by the provider.") from error
    if asking.now - at <= asking.engine.settings.begun_seconds:
        asking.begun = at
