"""What of a licence is sealed under its holders' data keys: who holds it, what it says, why it changed."""

from __future__ import annotations

from base64 import urlsafe_b64decode

import msgspec

from eLicense.licences.licence import Holding, Label
from holders import Fields, HolderErased, Register
from manyou.licences import LicenceContent, read_payload

__all__ = ["CONTENT", "GROUNDS", "content_of", "label_of", "open_label", "payload_of", "seal_label"]

CONTENT = "licence"
GROUNDS = "licence-grounds"
_LABEL = "licence-label"


def seal_label(fields: Fields, label: Label) -> bytes:
    """A holder's label as its column has it."""
    return fields.seal(_LABEL, msgspec.json.encode(label).decode())


def open_label(fields: Fields, sealed: bytes) -> Label:
    """The label again.

    Raises:
        SealBroken: changed, or another holder's.

    """
    return msgspec.json.decode(fields.open(_LABEL, sealed), type=Label)


def label_of(register: Register, holding: Holding) -> Label:
    """Who a holder is, as printed; nobody that can be read where the holder was erased."""
    try:
        fields = register.fields(holding.holder_key)
    except HolderErased:
        return Label("", "", "")
    return open_label(fields, holding.label)


def payload_of(signed: str) -> bytes:
    """The bytes that a licence's JWS signs; it is our own and was sealed, so it is not verified again."""
    encoded = signed.split(".")[1]
    return urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))


def content_of(register: Register, holding: Holding, deployment: str) -> tuple[str, LicenceContent]:
    """A signed licence: its JWS and what it says.

    Raises:
        SealBroken, HolderErased, LicenceRefused: the copy is not what was stored.

    """
    signed = register.fields(holding.holder_key).open(CONTENT, holding.content)
    return signed, read_payload(payload_of(signed), deployment)
