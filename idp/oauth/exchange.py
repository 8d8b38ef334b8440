"""A token request on its way through the steps, and what a grant is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from idp.oauth.clients.client import Client
from idp.oauth.engine import Engine
from idp.oauth.senders.dpop import Proof
from idp.oauth.senders.sender import ANYBODY, Sender
from store import Tx
from web.call import Call, Parameters

__all__ = ["Exchange", "Grant", "Outcome"]


@dataclass(slots=True)
class Exchange:
    """What a field says holds only after its step."""

    engine: Engine
    form: Parameters
    client: Client
    now: int
    call: Call
    sender: Sender = ANYBODY
    """Whose key this request proves; the access token is bound to it."""
    proof: Proof | None = None
    """By which it does so; not yet spent."""
    grant: Grant = field(init=False)
    opened: Any = None
    """The value presented, opened and matched against client, redirect_uri, PKCE and key."""
    outcome: Any = None
    """What the one work returned: issued, or refused in a way that had to commit."""
    answer: dict[str, Any] = field(default_factory=dict)
    spends_proof: bool = False

    def spend_proof(self, tx: Tx) -> None:
        """First in a grant's work: a proof that was used before has no effect.

        Raises:
            InvalidDpopProof: it was.

        """
        self.spends_proof = True
        if self.proof is not None:
            self.proof.use(tx)


Outcome = Any


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant type: three functions, run in this order."""

    open: Callable[[Exchange], Any]
    """Pure: opens and matches what is presented; refuses before anything is spent."""
    redeem: Callable[[Exchange], Outcome]
    """One work: spend → gate → records. Refusals that change something are returned, never raised."""
    answer: Callable[[Exchange], dict[str, Any]]
    """After the commit: raises what the outcome refused, or signs and seals."""
