"""Whose key the code will be bound to (RFC 9449 § 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.oauth.errors import InvalidDpopProof, InvalidRequest
from idp.oauth.senders.dpop import thumbprint_of
from idp.oauth.senders.sender import confirmation
from web.call import Parameters

if TYPE_CHECKING:
    from idp.oauth.requests.asking import Asking

__all__ = ["key_named", "key_proved"]


def key_named(asking: Asking) -> None:
    """Only who holds the key that ``dpop_jkt`` names redeems the code."""
    named = asking.get("dpop_jkt")
    if named is None:
        return
    sender = thumbprint_of(named)
    if sender is None:
        raise InvalidRequest("Send dpop_jkt as the unpadded base64url of a SHA-256 JWK thumbprint.")
    asking.sender = sender


def key_proved(asking: Asking) -> None:
    """A proof beside what is pushed names the key likewise (§ 10.1); the last check, for it spends it."""
    proof = asking.engine.proofs.read(asking.call)
    if proof is None:
        return
    if not asking.sender:
        named = confirmation(proof.sender)["jkt"]
        asking.parameters = Parameters.of([*asking.parameters.pairs(), ("dpop_jkt", named)])
    elif asking.sender != proof.sender:
        raise InvalidDpopProof("Make the DPoP proof with the key that dpop_jkt names.")
    asking.engine.durable.write(proof.use)
