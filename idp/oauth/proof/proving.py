"""Whose key a request proves: asked where tokens are given, and again wherever one is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.oauth.errors import (
    InvalidDpopProof,
    InvalidRequest,
    InvalidToken,
    NonceWanted,
    ProofRefused,
    UseDpopNonce,
)
from idp.oauth.senders.dpop import HEADER
from idp.oauth.senders.sender import ANYBODY, Sender, by_proof, of_certificate, token_type

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client
    from idp.oauth.engine import Engine
    from idp.oauth.senders.dpop import Proof
    from web.call import Call

__all__ = ["check_sender", "prove"]


def prove(engine: Engine, call: Call, client: Client) -> tuple[Sender, Proof | None]:
    """The key that the tokens of this request are bound to, and the proof that is still to be spent.

    ``ANYBODY`` where the client binds to none.

    Raises:
        InvalidDpopProof, UseDpopNonce: the proof is wrong, or lacking.
        InvalidRequest: the certificate is lacking.

    """
    if client.certificate_bound:
        if call.header(HEADER) is not None:
            raise InvalidDpopProof("Send no DPoP header: this client's tokens are bound to its certificate.")
        return _by_certificate(call), None
    proof = engine.proofs.read(call)
    if proof is not None:
        return proof.sender, proof
    if client.dpop_bound:
        raise InvalidDpopProof("Send a DPoP proof: this client's tokens are bound to its key.")
    if client.fapi:  # FAPI 2.0 § 5.3.2.1: always bound to a key
        if call.certificate is None:
            raise InvalidDpopProof("Send a DPoP proof: tokens of a FAPI client are bound to a key.")
        return _by_certificate(call), None
    return ANYBODY, None


def _by_certificate(call: Call) -> Sender:
    certificate = call.certificate
    if certificate is None:
        raise InvalidRequest("Connect with the client's certificate, where mtls_endpoint_aliases says.")
    return of_certificate(certificate)


def check_sender(engine: Engine, call: Call, sender: Sender, scheme: str, token: str) -> None:
    """Let a token be used by whom it is bound to alone, under the scheme of its type (lower case).

    Raises:
        InvalidToken: another scheme, or another key.
        ProofRefused, NonceWanted: the DPoP proof is wrong, was used before, or is lacking.

    """
    kind = token_type(sender)
    if scheme != kind.lower():
        raise InvalidToken(f"Send this access token with the scheme {kind}.")
    if not sender:
        return
    if by_proof(sender):
        _check_proof(engine, call, sender, token)
        return
    certificate = call.certificate
    if certificate is None or of_certificate(certificate) != sender:
        raise InvalidToken("Connect with the certificate that the access token is bound to.")


def _check_proof(engine: Engine, call: Call, sender: Sender, token: str) -> None:
    try:
        proof = engine.proofs.read(call, token)
        if proof is None:
            raise ProofRefused("Send a DPoP proof with this access token.")
        if proof.sender != sender:
            raise InvalidToken("Make the DPoP proof with the key that the access token is bound to.")
        engine.durable.write(proof.use)
    except InvalidDpopProof as refused:
        raise ProofRefused(refused.mend) from refused
    except UseDpopNonce as refused:
        raise NonceWanted from refused
