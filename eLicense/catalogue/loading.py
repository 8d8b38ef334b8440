"""Put a declared catalogue into the store: idempotent, all or nothing, numbers never change their meaning."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from eLicense.catalogue import records
from eLicense.catalogue.consistency import faults
from eLicense.catalogue.model import (
    Agency,
    Competence,
    Coverage,
    Definition,
    LicenceType,
    Matter,
    UseGrant,
)
from eLicense.errors import CatalogueRefused
from eLicense.events import CatalogueChanged, EventIds
from keys import Keys
from ledger import Event, append
from store import Durable, Tx, publish

__all__ = ["NEWS", "load", "read", "stored"]

NEWS = "catalogue"
"""Kind of the news that tells workers to read the catalogue again."""

_MODELS: dict[str, Any] = {
    "agency": Agency,
    "type": LicenceType,
    "competence": Competence,
    "matter": Matter,
    "grant": UseGrant,
    "coverage": Coverage,
}


def read(path: Path) -> Definition:
    """A catalogue from a TOML file.

    Raises:
        CatalogueRefused: not TOML, or not of the shape; the mend names the place.

    """
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Definition)
    except msgspec.MsgspecError as error:
        raise CatalogueRefused(f"Mend the catalogue file: {error}.") from error


def load(definition: Definition, *, durable: Durable, keys: Keys, now: int) -> int:
    """Add or replace what ``definition`` says, beside what stands; return how many entries changed.

    Every agency gets the licence ring that signs the types it is competent for.

    Raises:
        CatalogueRefused: the catalogue would contradict itself, or a number would change; nothing changes.

    """
    entries = list(_entries(definition))
    event = CatalogueChanged(entries=len(entries)).event(
        EventIds.draw(now).nth(0), now, None, actor="system", client="", subject=b""
    )
    changed = durable.write(lambda tx: _put_all(tx, entries, event, now))
    for agency, types in _signing(durable.read(stored)).items():
        keys.create_licence_ring(agency, types)
    return changed


def stored(tx: Tx) -> Definition:
    """The whole catalogue as it stands."""
    found: dict[str, list[Any]] = {kind: [] for kind in _MODELS}
    for kind, _, definition in records.all_entries(tx):
        found[kind].append(msgspec.json.decode(definition, type=_MODELS[kind]))
    return Definition(
        agencies=tuple(found["agency"]),
        types=tuple(found["type"]),
        competences=tuple(found["competence"]),
        matters=tuple(found["matter"]),
        grants=tuple(found["grant"]),
        coverage=tuple(found["coverage"]),
    )


_Entry = tuple[str, str, int | None, str]


def _entries(definition: Definition) -> Iterable[_Entry]:
    def text(entry: Any) -> str:
        return msgspec.json.encode(entry).decode()

    for agency in definition.agencies:
        yield "agency", agency.uscc, agency.number, text(agency)
    for type_ in definition.types:
        yield "type", type_.code, type_.number, text(type_)
    for competence in definition.competences:
        yield "competence", competence.key, None, text(competence)
    for matter in definition.matters:
        yield "matter", matter.code, None, text(matter)
    for grant in definition.grants:
        yield "grant", grant.key, None, text(grant)
    for coverage in definition.coverage:
        yield "coverage", coverage.key, None, text(coverage)


def _put_all(tx: Tx, entries: list[_Entry], event: Event, now: int) -> int:
    numbers = {kind: records.entries_of(tx, kind) for kind in ("agency", "type")}
    for kind, code, number, _ in entries:
        standing = numbers.get(kind, {})
        if code in standing and standing[code] != number:
            raise _refused([f"{kind} {code} keeps the number {standing[code]}"])
        if number is not None and any(n == number and c != code for c, n in standing.items()):
            raise _refused([f"the number {number} is another {kind}'s"])
    changed = sum(records.put(tx, *entry, now) for entry in entries)
    if changed:
        wrong = faults(stored(tx))
        if wrong:
            raise _refused(wrong)
        append(tx, event)
        publish(tx, NEWS, b"", now)
    return changed


def _refused(wrong: list[str]) -> CatalogueRefused:
    # raised inside the work on purpose: it undoes what was put
    return CatalogueRefused("Mend the catalogue: " + "; ".join(wrong[:20]) + ".", detail=wrong[0])


def _signing(whole: Definition) -> dict[str, set[str]]:
    """Agency → all types it was ever competent for: a ring keeps the types it once had."""
    found: dict[str, set[str]] = {}
    for entry in whole.competences:
        found.setdefault(entry.agency, set()).add(entry.type)
    return found
