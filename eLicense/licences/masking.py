"""What a viewer sees of a licence's content: the own part whole, other holders masked. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from eLicense.catalogue.model import Field, LicenceType
from manyou.identifiers import mask_name, mask_number

__all__ = ["field_values", "mask", "number_seen", "seen"]


def mask(field: Field, value: str) -> str:
    """A value of another holder: names and numbers by their rule, anything else not at all."""
    if field.value == "name":
        return mask_name(value)
    if field.value in {"number", "uscc"}:
        return mask_number(value)
    return "*"


def seen(
    type_: LicenceType, value: dict[str, str], role: str | None, names: Collection[str]
) -> dict[str, str]:
    """The named fields' values, by name, as the holder with ``role`` may show them.

    Args:
        type_: the licence type.
        value: all values, by field name.
        role: the viewer's role; None sees every holder's part (the issuing authority).
        names: fields asked for, in no order.

    """
    return {
        field.name: value[field.name]
        if role is None or field.about in {"", role}
        else mask(field, value[field.name])
        for field in type_.fields
        if field.name in names and field.name in value
    }


def field_values(type_: LicenceType, exchanged: dict[str, object]) -> dict[str, str]:
    """Values by field name, from the exchange form's names."""
    return {
        field.name: str(exchanged[field.exchange]) for field in type_.fields if field.exchange in exchanged
    }


def number_seen(type_: LicenceType, number: str, shown: Mapping[str, str]) -> str:
    """The certificate's number: whole where the law publishes it or a shown field says it, else masked.

    On many licences it is the holder's own number, which no grant without that field gives.
    """
    return number if type_.public or number in shown.values() else mask_number(number)
