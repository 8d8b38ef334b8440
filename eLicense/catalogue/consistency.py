"""What a catalogue must satisfy as a whole. Pure: a list of checks, all faults reported at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from eLicense.catalogue.model import Definition, LicenceType
from manyou.errors import Problem
from manyou.identifiers import Uscc
from manyou.licences import RESERVED_FIELDS

__all__ = ["faults"]

_TYPE_CODE: Final = re.compile(r"[0-9A-Z]{18}[0-9]{3}")
_REGION: Final = re.compile(r"[0-9]{6}")
_NUMBER_LIMIT: Final = 1 << 32
"""Numbers stand in codes as unsigned integers of at most 32 bits."""


def faults(whole: Definition) -> list[str]:
    """Every fault of a complete catalogue; empty when it is right."""
    return [
        *_agencies(whole),
        *(fault for type_ in whole.types for fault in _type(type_)),
        *_doubles("agency number", [agency.number for agency in whole.agencies]),
        *_doubles("type number", [type_.number for type_ in whole.types]),
        *_competences(whole),
        *_matters(whole),
        *_grants(whole),
    ]


def _doubles(what: str, values: Iterable[int]) -> Iterator[str]:
    for value, times in Counter(values).items():
        if times > 1:
            yield f"{what} {value} stands {times} times"
        if not 0 < value < _NUMBER_LIMIT:
            yield f"{what} {value}: 1 to 2**32 - 1"


def _agencies(whole: Definition) -> Iterator[str]:
    known = {agency.uscc for agency in whole.agencies}
    for agency in whole.agencies:
        try:
            Uscc.parse(agency.uscc)
        except Problem as problem:
            yield f"agency {agency.uscc}: {problem.code}"
        if not _REGION.fullmatch(agency.region):
            yield f"agency {agency.uscc}: region {agency.region}"
        for other in (agency.superior, agency.successor):
            if other and other not in known:
                yield f"agency {agency.uscc}: no agency {other}"


def _type(type_: LicenceType) -> Iterator[str]:
    name = f"type {type_.code}"
    if not _TYPE_CODE.fullmatch(type_.code):
        yield f"{name}: 18 characters of a USCC and 3 digits"
    else:
        try:
            Uscc.parse(type_.code[:18])
        except Problem as problem:
            yield f"{name}: {problem.code}"
    if not type_.holder_kinds or not type_.roles or type_.holders_most < 1:
        yield f"{name}: needs holder kinds, roles and room for a holder"
    if (type_.origin == "source_backed") != bool(type_.source):
        yield f"{name}: a source-backed type names its source, another names none"
    roles = {role.code for role in type_.roles}
    seen: set[str] = set(RESERVED_FIELDS)
    for field in type_.fields:
        if {field.name, field.exchange} & seen or not field.name.isidentifier() or not field.exchange:
            yield f"{name}: field name {field.name} or {field.exchange}"
        seen |= {field.name, field.exchange}
        if field.about and field.about not in roles:
            yield f"{name}: field {field.name} is about an unknown role"
        if field.public and field.sensitivity == "sensitive":
            yield f"{name}: field {field.name} cannot be public and sensitive"
        if (field.value == "choice") != bool(field.choices):
            yield f"{name}: field {field.name} and its choices"


def _competences(whole: Definition) -> Iterator[str]:
    agencies = {agency.uscc for agency in whole.agencies}
    types = {type_.code: type_ for type_ in whole.types}
    for entry in whole.competences:
        if entry.agency not in agencies or entry.type not in types or not _REGION.fullmatch(entry.region):
            yield f"competence {entry.key}: agency, type or region unknown"
        elif types[entry.type].origin != "issued_here":
            yield f"competence {entry.key}: the type is not issued here"


def _matters(whole: Definition) -> Iterator[str]:
    types = {type_.code: type_ for type_ in whole.types}
    agencies = {agency.uscc for agency in whole.agencies}
    for matter in whole.matters:
        if matter.agency not in agencies:
            yield f"matter {matter.code}: no agency {matter.agency}"
        for need in (need for material in matter.materials for need in material.one_of):
            type_ = types.get(need.type)
            unknown = [name for name in need.fields if type_ is None or type_.field(name) is None]
            if type_ is None or unknown:
                yield f"matter {matter.code}: type {need.type}, fields {unknown}"


def _grants(whole: Definition) -> Iterator[str]:
    types = {type_.code: type_ for type_ in whole.types}
    matters = {matter.code for matter in whole.matters}
    for grant in whole.grants:
        type_ = types.get(grant.type)
        if type_ is None or any(type_.field(name) is None for name in grant.fields):
            yield f"grant {grant.key}: type or fields unknown"
        if (grant.mode == "scan") == bool(grant.matter) or (grant.matter and grant.matter not in matters):
            yield f"grant {grant.key}: a matter of the catalogue, or none for scan"
        if grant.daily_cap < 1 or not grant.legal_basis:
            yield f"grant {grant.key}: needs a daily cap and a legal basis"
