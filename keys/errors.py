"""Refusals of the key room.

Problem
├── BadRequest
│   ├── SealBroken          a sealed value that we did not make, for this kind, binding, epoch
│   ├── DecryptionRefused   a JWE that is not encrypted to a key of ours as the metadata says
│   ├── NoEncryptionKey     a JWK Set without a key that we may encrypt to
│   ├── TokenRefused        a JWT that is not ours, not of this ring and typ, or not of this moment
│   │   └── TokenExpired    ours, and its ``exp`` has come
│   ├── ForeignRefused      a JWT that another party should have signed otherwise
│   │   └── ForeignKeyUnknown   none of that party's keys fits; a newer set of theirs may hold it
│   └── KeySetRefused       a JWK or JWK Set that is malformed, weak, or shows a secret
├── Forbidden
│   ├── NotForThisRing      bytes, typ or algorithm that the ring does not sign
│   └── TypeNotSignable     a licence type that the authority's ring does not name
├── NotFound
│   └── NoSuchRing          no ring of that name, or no key in it
├── Conflict
│   ├── RotationUnderWay    the ring has a pending key already
│   └── LicenceTypesNarrowed  a licence ring only ever gains types
└── Unavailable
    └── MasterKeyRefused    the master-key file is missing, open to others, or not this store's
"""

from __future__ import annotations

from manyou.errors import BadRequest, Conflict, Forbidden, NotFound, Unavailable

__all__ = [
    "DecryptionRefused",
    "ForeignKeyUnknown",
    "ForeignRefused",
    "KeySetRefused",
    "LicenceTypesNarrowed",
    "MasterKeyRefused",
    "NoEncryptionKey",
    "NoSuchRing",
    "NotForThisRing",
    "RotationUnderWay",
    "SealBroken",
    "TokenExpired",
    "TokenRefused",
    "TypeNotSignable",
]


class SealBroken(BadRequest):
    """Not a value that this deployment sealed for this kind and binding in this epoch."""

    code = "seal_broken"
    mend = "Send the value exactly as it was received, to the place it was made for."


class DecryptionRefused(BadRequest):
    """Not encrypted to a living key of ours, or not as the metadata says; which, only the log learns."""

    code = "decryption_refused"
    mend = "Encrypt to the key of our key set with use=enc, name its kid, and use algorithms that are listed."


class NoEncryptionKey(BadRequest):
    """The client's key set has no key for the algorithm that it registered."""

    code = "no_encryption_key"
    mend = "Publish a key with use=enc for the registered encryption algorithm in the client's key set."


class TokenRefused(BadRequest):
    """Not a JWT of this ring, typ and moment."""

    code = "token_refused"
    mend = "Send a token of the documented type, unchanged and within its validity."


class TokenExpired(TokenRefused):
    """The token is ours and its ``exp`` has come."""

    code = "token_expired"
    mend = "Obtain a new token."


class ForeignRefused(BadRequest):
    """Another party's JWT is not as this place needs it."""

    code = "foreign_token_refused"
    mend = "Send a JWT signed by a registered key, by an algorithm and of a typ that are accepted here."


class ForeignKeyUnknown(ForeignRefused):
    """None of the party's keys has this kid and fits this algorithm."""

    code = "foreign_key_unknown"
    mend = "Sign with a key that is registered, and send its kid."


class KeySetRefused(BadRequest):
    """A JWK or JWK Set of another party that cannot be used."""

    code = "key_set_refused"
    mend = "Send a JWK Set of well-formed public keys."


class NotForThisRing(Forbidden):
    """The ring does not sign such bytes, such a typ, or with such an algorithm."""

    code = "not_for_this_ring"
    mend = "Sign with the ring that this kind of value has."


class TypeNotSignable(Forbidden):
    """The authority's licence ring does not name the type."""

    code = "type_not_signable"
    mend = "Register the authority's key for this licence type first."


class NoSuchRing(NotFound):
    """No ring of that name, or none of its keys is active."""

    code = "no_such_ring"
    mend = "Create the ring first."


class RotationUnderWay(Conflict):
    """The ring already has a pending key of this algorithm."""

    code = "rotation_under_way"
    mend = "Wait until the pending key has become active."


class LicenceTypesNarrowed(Conflict):
    """A licence ring keeps the types it once had, or its licences would stop verifying."""

    code = "licence_types_narrowed"
    mend = "Name all types that the ring has, and the new ones."


class MasterKeyRefused(Unavailable):
    """The master-key file is missing, open to others, malformed, or does not open this store's keys."""

    code = "master_key_refused"
    mend = "Give a file of 64 hexadecimal digits, owned by the service's user, with mode 0600."
