"""Everything that is open about a holder to one client: the claims of a person, or of an organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idp.oauth.claims.claims import (
    ORGANISATION,
    PERSON,
    Part,
    VerifiedWant,
    may_ask,
    open_claims,
    opened_by,
)
from idp.oauth.claims.verified_claims import verified_claims
from idp.oauth.subject import subject_of

if TYPE_CHECKING:
    from idp.oauth.claims.claims import Want
    from idp.oauth.clients.client import Client
    from idp.oauth.engine import Engine
    from idp.oauth.grantee import Grantee

__all__ = ["claims_of"]


def claims_of(
    engine: Engine,
    client: Client,
    grantee: Grantee,
    office: str | None,
    opened: frozenset[str],
    part: Part,
    now: int,
) -> dict[str, Any] | None:
    """The claims that are open about a holder; None where they are gone."""
    person = engine.facts.person(grantee.holder_key, now)
    if person is None:
        return None
    subject = subject_of(engine.keys, client, grantee.subject)
    opened, part = _still(client, opened, part)
    if not grantee.acting_for:
        found = {"sub": subject, **open_claims(PERSON, person, opened, part.claims)}
        if part.verified:
            evidence = engine.facts.evidence(person.holder_key, now)
            verified = verified_claims(person, evidence, part.verified, now)
            if verified is not None:
                found["verified_claims"] = verified
        return found
    organisation = engine.facts.organisation(grantee.acting_for)
    if organisation is None:
        return None
    about = open_claims(PERSON, person, opened, part.claims)
    about.pop("user_type", None)
    acting = {"sub": subject_of(engine.keys, client, person.holder_key), "office": office, **about}
    return {
        "sub": subject,
        **open_claims(ORGANISATION, organisation, opened, part.claims),
        "acting_person": acting,
    }


def _still(client: Client, opened: frozenset[str], part: Part) -> tuple[frozenset[str], Part]:
    """What of it the client may have now: an operator may have taken a scope back since it was agreed to."""
    scopes = frozenset(client.scopes)
    names = may_ask(scopes)

    def known(claims: dict[str, Want]) -> dict[str, Want]:
        return {name: want for name, want in claims.items() if name in names}

    verified = tuple(VerifiedWant(each.verification, known(each.claims)) for each in part.verified)
    return opened & opened_by(scopes), Part(known(part.claims), verified)
