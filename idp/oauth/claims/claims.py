"""What a holder's claims are (OIDC Core § 5.1, § 5.3): by scope, or one by one; masked beside the full value.

The subject is the organisation where the person acts for one; the person is then ``acting_person``. A claim
that is not held is left out. Birth date and sex stand in the ID number, but no scope opens them: a hall that
needs one asks for that one, and the holder allows it by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from idp.oauth.scopes import SCOPES
from idp.people.person import OrganisationFacts, PersonFacts
from manyou.identifiers import InvalidIdentifier, ResidentId, mask_mobile, mask_name, mask_number

__all__ = [
    "NAMES",
    "ORGANISATION",
    "PERSON",
    "PHONE_ANSWERED",
    "Part",
    "VerifiedWant",
    "Want",
    "may_ask",
    "open_claims",
    "opened_by",
]


class Want(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one claim is wanted."""

    essential: bool = False
    values: tuple[Any, ...] | None = None
    """Only one of these; None: whatever it is."""

    def takes(self, value: Any) -> bool:
        """Whether this value is wanted."""
        return self.values is None or value in self.values


class VerifiedWant(msgspec.Struct, frozen=True):
    """One element of ``verified_claims`` as it is wanted (Identity Assurance 1.0 § 5.3)."""

    verification: dict[str, Any]
    """The template, as it was sent."""
    claims: dict[str, Want]


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """What userinfo, or the ID token, is to hold."""

    claims: dict[str, Want] = {}
    verified: tuple[VerifiedWant, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.claims or self.verified)


ORGANISATION_CODE_TYPE: Final = "001"
"""GB/T 36903: unified social credit code."""
PHONE_ANSWERED: Final = 2
"""Real-name level from which the phone on file has answered."""


def _masked(mask: Callable[[str], str], text: str | None) -> str | None:
    return mask(text) if text else None


def _resident(person: PersonFacts) -> ResidentId | None:
    try:
        return ResidentId.parse(person.number, now=person.recorded_at)
    except InvalidIdentifier:
        return None


def _birthdate(person: PersonFacts) -> str | None:
    number = _resident(person)
    return number.birth.isoformat() if number else None


def _gender(person: PersonFacts) -> str | None:
    number = _resident(person)
    return {"M": "male", "F": "female"}[number.sex] if number else None


PERSON: Final[dict[str, Callable[[PersonFacts], Any]]] = {
    "user_type": lambda _: "person",
    "holder_code_type": lambda person: person.document_type,
    "name": lambda person: person.name,
    "name_masked": lambda person: mask_name(person.name),
    "birthdate": _birthdate,
    "gender": _gender,
    "id_number": lambda person: person.number,
    "id_number_masked": lambda person: mask_number(person.number),
    "phone_number": lambda person: person.mobile,
    "phone_number_masked": lambda person: _masked(mask_mobile, person.mobile),
    "phone_number_verified": lambda person: person.level >= PHONE_ANSWERED if person.mobile else None,
    "email": lambda person: person.email,
    "email_verified": lambda person: False if person.email else None,  # as the registry brought it
    "address": lambda person: {"formatted": person.address} if person.address else None,
    "updated_at": lambda person: person.recorded_at or None,
}
"""Claim → its value, or None where it is not held."""

ORGANISATION: Final[dict[str, Callable[[OrganisationFacts], Any]]] = {
    "user_type": lambda _: "organisation",
    "holder_code_type": lambda _: ORGANISATION_CODE_TYPE,
    "name": lambda organisation: organisation.name,
    "uscc": lambda organisation: organisation.uscc,
}

PROFILE: Final = "profile"
ALONE: Final = frozenset({"birthdate", "gender"})
"""Of OIDC Core's scope profile, though here it opens neither."""
NAMES: Final = frozenset(PERSON) | frozenset(ORGANISATION)
"""Claims that can be asked for one by one."""


@lru_cache(maxsize=256)
def opened_by(scopes: frozenset[str]) -> frozenset[str]:
    """The claims of userinfo that these scopes open."""
    return frozenset(claim for name in scopes if name in SCOPES for claim in SCOPES[name].claims)


@lru_cache(maxsize=256)
def may_ask(scopes: frozenset[str]) -> frozenset[str]:
    """The claims that a client registered for these scopes may ask for one by one.

    What the operator keeps from a hall, the hall does not get by another parameter.
    """
    return NAMES & (opened_by(scopes) | (ALONE if PROFILE in scopes else frozenset()))


def open_claims(
    table: dict[str, Callable[[Any], Any]], facts: Any, opened: frozenset[str], wanted: Mapping[str, Want]
) -> dict[str, Any]:
    """Those of a table that are opened, or wanted with such a value, and held."""
    found = {}
    for name, value_of in table.items():
        want = wanted.get(name)
        if want is None and name not in opened:
            continue
        value = value_of(facts)
        if value is not None and (want is None or name in opened or want.takes(value)):
            found[name] = value
    return found
