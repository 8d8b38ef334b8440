"""The refresh token: a sealed family and generation, bound to the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from idp.oauth.errors import InvalidGrant
from idp.oauth.grantee import Grantee
from idp.oauth.senders.sender import ANYBODY, Sender
from keys.errors import SealBroken

if TYPE_CHECKING:
    from keys import Keys

__all__ = ["KIND", "SealedRefresh", "open_refresh", "seal_refresh"]

KIND: Final = "refresh"


class SealedRefresh(msgspec.Struct, frozen=True, array_like=True):
    """Which family, whose, and which turn of it."""

    family: bytes
    holder_key: bytes
    acting_for: bytes
    generation: int
    """Stays 1 for a confidential client."""
    ends: int
    """The family's absolute end: refused after it even where the row was swept."""
    sender: Sender = ANYBODY
    """As the family has it: read here, a wrong key is refused before anything moves."""

    def grantee(self, client: str) -> Grantee:
        """Whose family it is; the client is the one that the seal is bound to."""
        return Grantee(self.holder_key, self.acting_for, client)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(SealedRefresh).decode


def seal_refresh(keys: Keys, client_id: str, refresh: SealedRefresh) -> str:
    """Make the token's text."""
    return keys.seal(KIND, _encode(refresh), bound=client_id.encode())


def open_refresh(keys: Keys, client_id: str, text: str) -> SealedRefresh:
    """Read a refresh token that this client was given.

    Raises:
        InvalidGrant: not ours, another client's, or of another kind.

    """
    try:
        return _decode(keys.open(KIND, text, bound=client_id.encode()))
    except (SealBroken, msgspec.DecodeError) as error:
        raise InvalidGrant(detail="refresh token does not open for this client") from error
