"""What a holder's claims are (OIDC Core § 5.1, § 5.3): by scope, or one by one; masked beside the full value.

The subject is the organisation where the person acts for one; the person is then ``acting_person``. A claim
that is not held is left out. Birth date and sex stand in the ID number, but no scope opens them: a hall that
needs one asks for that one, and the holder allows it by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from idp.oauth.scopes import SCOPES
from idp.oauth.subject import subject_of
from idp.people.person import OrganisationFacts, PersonFacts
from manyou.identifiers import InvalidIdentifier, ResidentId, mask_mobile, mask_name, mask_number

if TYPE_CHECKING:
    from idp.oauth.client import Client
    from idp.oauth.engine import Engine
    from idp.oauth.grantee import Grantee

__all__ = ["NAMES", "ORGANISATION", "PERSON", "Want", "claims_of", "opened_by"]


class Want(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one claim is wanted."""

    essential: bool = False
    values: tuple[Any, ...] | None = None
    """Only one of these; None: whatever it is."""

    def takes(self, value: Any) -> bool:
        """Whether this value is wanted."""
        return self.values is None or value in self.values


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

NAMES: Final = frozenset(PERSON) | frozenset(ORGANISATION)
"""Claims that can be asked for one by one."""


@lru_cache(maxsize=256)
def opened_by(scopes: frozenset[str]) -> frozenset[str]:
    """The claims of userinfo that these scopes open."""
    return frozenset(claim for name in scopes if name in SCOPES for claim in SCOPES[name].claims)


def claims_of(
    engine: Engine,
    client: Client,
    grantee: Grantee,
    office: str | None,
    opened: frozenset[str],
    wanted: Mapping[str, Want],
    now: int,
) -> dict[str, Any] | None:
    """The claims that are open about a holder; None where they are gone."""
    person = engine.facts.person(grantee.holder_key, now)
    if person is None:
        return None
    subject = subject_of(engine.keys, client, grantee.subject)
    if not grantee.acting_for:
        return {"sub": subject, **_open(PERSON, person, opened, wanted)}
    organisation = engine.facts.organisation(grantee.acting_for)
    if organisation is None:
        return None
    about = _open(PERSON, person, opened, wanted)
    about.pop("user_type", None)
    acting = {"sub": subject_of(engine.keys, client, person.holder_key), "office": office, **about}
    return {"sub": subject, **_open(ORGANISATION, organisation, opened, wanted), "acting_person": acting}


def _open(
    table: dict[str, Callable[[Any], Any]], facts: Any, opened: frozenset[str], wanted: Mapping[str, Want]
) -> dict[str, Any]:
    found = {}
    for name, value_of in table.items():
        want = wanted.get(name)
        if want is None and name not in opened:
            continue
        value = value_of(facts)
        if value is not None and (want is None or name in opened or want.takes(value)):
            found[name] = value
    return found
