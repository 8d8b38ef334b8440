"""Who gave what to whom: the key under which a consent stands and every grant is looked up."""

from __future__ import annotations

import msgspec

__all__ = ["Grantee"]


class Grantee(msgspec.Struct, frozen=True):
    """A client, for a person, who may act for an organisation."""

    holder_key: bytes
    """16 bytes: the person who logged in."""
    acting_for: bytes
    """16 bytes, or empty where the person acts for nobody else."""
    client: str

    @property
    def subject(self) -> bytes:
        """Whom the tokens are about."""
        return self.acting_for or self.holder_key
