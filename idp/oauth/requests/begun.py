"""When a request began, proven by a seal: keeps prompt=login, max_age and prompt=consent without a loop.

The seal binds to the request's other parameters, so the proof of one request serves no other. On the way to
the consent page it names the session too, and the details that the page shows: what one person was shown is
not agreed to by another who has logged in meanwhile, in another tab, nor what the same words mean by then.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from idp.oauth.errors import UntrustedRequest
from idp.oauth.requests.asking import BEGUN
from keys.errors import SealBroken

if TYPE_CHECKING:
    from idp.oauth.requests.asking import Asking

__all__ = ["begin", "read"]

KIND: Final = "begun"
TIME_BYTES: Final = 8


def _bound(asking: Asking) -> bytes:
    return hashlib.sha256(repr(sorted(asking.own)).encode()).digest()


def begin(asking: Asking, led: bytes = b"") -> str:
    """The proof for this request: of the time that it brought, or of now; ``led``: who is asked for what."""
    at = asking.now if asking.begun is None else asking.begun
    return asking.engine.keys.seal(KIND, at.to_bytes(TIME_BYTES) + led, bound=_bound(asking))


def read(asking: Asking) -> None:
    """Fill in ``begun`` and ``led``; a proof that is too old counts as none, so all is asked for again.

    Raises:
        UntrustedRequest: not a proof of ours for this request.

    """
    text = asking.came.get(BEGUN)
    if text is None:
        return
    try:
        proof = asking.engine.keys.open(KIND, text, bound=_bound(asking))
    except SealBroken as error:
        raise UntrustedRequest("Leave out the parameter begun; it is set by the provider.") from error
    at = int.from_bytes(proof[:TIME_BYTES])
    if asking.now - at <= asking.engine.settings.begun_seconds:
        asking.begun, asking.led = at, proof[TIME_BYTES:]
