"""What userinfo says of a holder (OIDC Core § 5.3): by scope, masked where the full value has its own scope.

The subject is the organisation where the person acts for one; the person is then ``acting_person``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idp.oauth.scopes import SCOPES
from idp.oauth.subject import subject_of
from manyou.identifiers import mask_mobile, mask_name, mask_number

if TYPE_CHECKING:
    from idp.oauth.client import Client
    from idp.oauth.engine import Engine
    from idp.people.person import OrganisationFacts, PersonFacts
    from web.access import VerifiedAccess

__all__ = ["ORGANISATION_CODE_TYPE", "userinfo"]

ORGANISATION_CODE_TYPE: Final = "001"
"""GB/T 36903: unified social credit code."""
PHONE_ANSWERED: Final = 2
"""Real-name level from which the phone on file has answered."""


def userinfo(engine: Engine, client: Client, access: VerifiedAccess, now: int) -> dict[str, Any] | None:
    """The claims that the token's scopes open; None where the holder is gone."""
    if access.holder_key is None:
        return None
    person = engine.facts.person(access.holder_key, now)
    if person is None:
        return None
    open_to = frozenset(claim for name in access.scopes if name in SCOPES for claim in SCOPES[name].claims)
    if access.acting_for is None:
        return {"sub": subject_of(engine.keys, client, person.holder_key), **_only(open_to, _person(person))}
    organisation = engine.facts.organisation(access.acting_for)
    if organisation is None:
        return None
    acting = {"sub": subject_of(engine.keys, client, person.holder_key), "office": access.office}
    return {
        "sub": subject_of(engine.keys, client, organisation.holder_key),
        **_only(open_to, _organisation(organisation)),
        "acting_person": acting | _only(open_to, _person(person) | {"user_type": None}),
    }


def _only(open_to: frozenset[str], claims: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if name in open_to and value is not None}


def _person(person: PersonFacts) -> dict[str, Any]:
    mobile = person.mobile
    return {
        "user_type": "person",
        "holder_code_type": person.document_type,
        "name": person.name,
        "name_masked": mask_name(person.name),
        "id_number": person.number,
        "id_number_masked": mask_number(person.number),
        "phone_number": mobile,
        "phone_number_masked": mobile and mask_mobile(mobile),
        "phone_number_verified": person.level >= PHONE_ANSWERED if mobile else None,
    }


def _organisation(organisation: OrganisationFacts) -> dict[str, Any]:
    return {
        "user_type": "organisation",
        "holder_code_type": ORGANISATION_CODE_TYPE,
        "name": organisation.name,
        "uscc": organisation.uscc,
    }
