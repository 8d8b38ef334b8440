"""Custody and trust: signers, key rings, sealed values and fields, the trust list.

    keys = build(settings, durable, clock)
    feed.subscribe("key-ring", lambda _: keys.refresh())      # rotation without a restart
    keys.sign_jwt("id-token", claims) · keys.verify_jwt("id-token", token, now=now)
    keys.decrypt(jwe, alg=…, enc=…) · encrypt(text, key_set.document, alg, enc)
    keys.seal("authorization-code", plain, bound=client) · keys.open("authorization-code", text, bound=client)
    keys.signer("code") · keys.sign_licence(agency, type_code, content) · keys.trust_entries()
    keys.rotate(ring) · keys.advance(now)
    read_key_set(text) · verify_foreign(token, key_set, algorithms=…, typs=…)      # what other parties signed

A ring is a purpose and signs nothing else.  Rings and states are the tables of `keys.rings`.
"""

from __future__ import annotations

from keys.base64url import base64url
from keys.custody import Keys, build
from keys.entropy import random_bytes
from keys.errors import (
    DecryptionRefused,
    ForeignKeyUnknown,
    ForeignRefused,
    KeySetRefused,
    MasterKeyRefused,
    NoEncryptionKey,
    NoSuchRing,
    NotForThisRing,
    RotationUnderWay,
    SealBroken,
    TokenExpired,
    TokenRefused,
    TypeNotSignable,
)
from keys.foreign import ForeignJws, read_foreign, unverified_claims, verify_foreign
from keys.foreign_keys import ForeignKey, ForeignKeySet, read_key_set, read_public_key
from keys.jwe import encrypt
from keys.master import create_master_key
from keys.settings import KeySettings
from keys.signing import Signer
from keys.snapshot import PublicKey
from keys.trust_entries import TrustEntry

__all__ = [
    "DecryptionRefused",
    "ForeignJws",
    "ForeignKey",
    "ForeignKeySet",
    "ForeignKeyUnknown",
    "ForeignRefused",
    "KeySetRefused",
    "KeySettings",
    "Keys",
    "MasterKeyRefused",
    "NoEncryptionKey",
    "NoSuchRing",
    "NotForThisRing",
    "PublicKey",
    "RotationUnderWay",
    "SealBroken",
    "Signer",
    "TokenExpired",
    "TokenRefused",
    "TrustEntry",
    "TypeNotSignable",
    "base64url",
    "build",
    "create_master_key",
    "encrypt",
    "random_bytes",
    "read_foreign",
    "read_key_set",
    "read_public_key",
    "unverified_claims",
    "verify_foreign",
]
