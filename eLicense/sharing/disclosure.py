"""What a client may see for a matter: matter ∩ use grant, for the consent page and the answer alike. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from eLicense.catalogue import Field, LicenceType, Material, Matter, Snapshot, UseGrant

__all__ = ["Ask", "Wanted", "agreed_fields", "wanted"]


@dataclass(frozen=True, slots=True)
class Ask:
    """One licence type that would do for a material, and the fields of it that may go out."""

    type: LicenceType
    fields: tuple[Field, ...]
    grant: UseGrant


@dataclass(frozen=True, slots=True)
class Wanted:
    """A material, with what is granted of it; no asks: nothing is."""

    material: Material
    asks: tuple[Ask, ...]


def wanted(
    catalogue: Snapshot, client: str, matter: Matter, kind: str | None, day: date
) -> tuple[Wanted, ...]:
    """The matter's materials for a holder of a kind, in the mode of the holder's consent.

    Args:
        catalogue: of now.
        client: who asks.
        matter: what for.
        kind: ``person`` or ``organisation``; None for every material.
        day: on which the grants must stand.

    """
    grants = catalogue.granted(client, matter.code, "consent", day)
    return tuple(
        Wanted(material, _asks(catalogue, material, grants))
        for material in matter.materials
        if kind is None or material.when in {"always", kind}
    )


def agreed_fields(materials: Sequence[Wanted]) -> str:
    """A digest of every type and field that may go out: what a consent is for, beside matter and case.

    A consent, and every token made under it, holds for these fields alone: where the grant or the matter
    comes to name others, the holder is asked again.
    """
    names = sorted(
        f"{ask.type.code}/{field.name}" for each in materials for ask in each.asks for field in ask.fields
    )
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:32]


def _asks(catalogue: Snapshot, material: Material, grants: dict[str, UseGrant]) -> tuple[Ask, ...]:
    asks = []
    for need in material.one_of:
        grant, type_ = grants.get(need.type), catalogue.types[need.type]
        if grant is None:
            continue
        names = set(need.fields) & set(grant.fields)
        fields = tuple(field for field in type_.fields if field.name in names)
        if fields:
            asks.append(Ask(type_, fields, grant))
    return tuple(asks)
