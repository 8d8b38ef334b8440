"""Everything that is open about a holder to one client: the claims of a person, or of an organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idp.oauth.claims.claims import ORGANISATION, PERSON, open_claims
from idp.oauth.claims.verified_claims import verified_claims
from idp.oauth.subject import subject_of

if TYPE_CHECKING:
    from idp.oauth.claims.claims import Part
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
