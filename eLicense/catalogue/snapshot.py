"""The catalogue as one immutable value in memory, with the questions that are asked of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from eLicense.catalogue.model import (
    Agency,
    Competence,
    Coverage,
    Definition,
    LicenceType,
    Matter,
    UseGrant,
    standing,
)

__all__ = ["Snapshot", "covers", "take"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the catalogue says at one moment."""

    agencies: dict[str, Agency]
    types: dict[str, LicenceType]
    matters: dict[str, Matter]
    competences: tuple[Competence, ...]
    grants: dict[tuple[str, str, str], tuple[UseGrant, ...]]
    """By client, matter and mode."""
    coverage: tuple[Coverage, ...]

    def acts(self, agency: str, day: date) -> bool:
        """Whether there is such an agency on that day; what an ended one left open is its successor's."""
        known = self.agencies.get(agency)
        return known is not None and standing(known, day)

    def competent(self, agency: str, type_code: str, region: str, day: date) -> bool:
        """Whether the agency may issue the type in the region on that day."""
        return self.acts(agency, day) and any(
            entry.agency == agency
            and entry.type == type_code
            and covers(entry.region, region)
            and standing(entry, day)
            for entry in self.competences
        )

    def granted(self, client: str, matter: str, mode: str, day: date) -> dict[str, UseGrant]:
        """Licence type → the grant that stands on that day."""
        found = self.grants.get((client, matter, mode), ())
        return {grant.type: grant for grant in found if standing(grant, day)}

    def answers_for(self, agency: str) -> frozenset[str]:
        """The agency and those that it succeeded, near and far: what of theirs is open is now its own."""
        own = {agency}
        while more := {e.uscc for e in self.agencies.values() if e.successor in own and e.uscc not in own}:
            own |= more
        return frozenset(own)

    def above(self, agency: str) -> frozenset[str]:
        """The agencies that supervise ``agency``, near and far."""
        found: set[str] = set()
        here = self.agencies.get(agency)
        while here is not None and here.superior and here.superior not in found:
            found.add(here.superior)
            here = self.agencies.get(here.superior)
        return frozenset(found)

    def complete(self, type_code: str, region: str, day: date) -> bool:
        """Whether the library holds every licence of the type in the region as of that day."""
        return any(
            entry.type == type_code and covers(entry.region, region) and standing(entry, day)
            for entry in self.coverage
        )


def covers(outer: str, inner: str) -> bool:
    """Whether one six-digit division lies in another: pairs of zeros at the end stand for all below."""
    stem = outer
    while stem.endswith("00"):
        stem = stem[:-2]
    return inner.startswith(stem)


def take(parts: Definition) -> Snapshot:
    """The snapshot of a definition that is complete."""
    return Snapshot(
        agencies={entry.uscc: entry for entry in parts.agencies},
        types={entry.code: entry for entry in parts.types},
        matters={entry.code: entry for entry in parts.matters},
        competences=parts.competences,
        grants=_by_use(parts.grants),
        coverage=parts.coverage,
    )


def _by_use(grants: Iterable[UseGrant]) -> dict[tuple[str, str, str], tuple[UseGrant, ...]]:
    found: dict[tuple[str, str, str], tuple[UseGrant, ...]] = {}
    for grant in grants:
        key = (grant.client, grant.matter, grant.mode)
        found[key] = (*found.get(key, ()), grant)
    return found
