"""Session Management (OpenID Connect Session Management 1.0): a page in a frame sees that a login changed.

The browser keeps a readable value beside the session's cookie. It stands for the session and opens nothing:
a digest of an id that never leaves the service. ``session_state`` mixes it with client, origin and a salt;
the frame's script mixes again and compares. Best effort: browsers that hide third parties' cookies from
frames hide this one, and a login that ended in another browser is told by the back channel alone.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Final

from idp.oauth.origin import origin_of
from keys import base64url

if TYPE_CHECKING:
    from idp.oauth.engine import Engine
    from web.call import Call

__all__ = ["COOKIE", "SESSION_FRAME", "forgotten", "kept", "session_state", "state_of"]

SESSION_FRAME: Final = "/session-frame"
"""Path of the page that halls load into a frame."""
COOKIE: Final = "manyou-state"
SALT_BYTES: Final = 12


def state_of(session_id: bytes) -> str:
    """What the browser keeps for a session."""
    return base64url(hashlib.sha256(b"manyou browser state\0" + session_id).digest()[:16]).decode()


def session_state(engine: Engine, client_id: str, redirect_uri: str, session_id: bytes) -> str | None:
    """``session_state`` of an authentication response (§ 2); None where no web page gets the answer."""
    origin = origin_of(redirect_uri)
    if origin is None:
        return None
    salt = engine.entropy(SALT_BYTES).hex()
    mixed = hashlib.sha256(f"{client_id} {origin} {state_of(session_id)} {salt}".encode()).hexdigest()
    return f"{mixed}.{salt}"


def kept(engine: Engine, call: Call, session_id: bytes) -> tuple[tuple[str, str], ...]:
    """The header that gives the browser its value, where it has not got it."""
    transport, state = engine.sign_on.transport, state_of(session_id)
    has = call.cookies.get(transport.cookie_name(COOKIE), "")
    if hmac.compare_digest(has.encode(), state.encode()):
        return ()
    return (transport.readable_cookie(COOKIE, state),)


def forgotten(engine: Engine) -> tuple[str, str]:
    """The header that replaces it after the logout: a missing one might only be hidden from the frame."""
    return engine.sign_on.transport.readable_cookie(COOKIE, base64url(engine.entropy(16)).decode())
