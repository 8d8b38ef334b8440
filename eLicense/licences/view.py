"""Licences as the API shows them: one JSON form, with what the viewer may see filled in."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from eLicense.addresses import status_uri
from eLicense.calendar import DAY, day_of, rfc3339
from eLicense.catalogue import LicenceType, Snapshot
from eLicense.licences.licence import Holding, Label, Licence
from eLicense.licences.masking import field_values, seen
from eLicense.licences.sealed import content_of, label_of
from eLicense.licences.states import STATE_CODE
from eLicense.ports import LicenceSource, Ports, SourceAnswer
from eLicense.settings import LicenceSettings
from holders import HolderErased
from manyou.identifiers import mask_name, mask_number
from manyou.licences import LicenceContent

__all__ = ["Views", "field_forms", "issuer_name", "type_name"]

Json = dict[str, Any]


class Views:
    """Builds the forms; opens what is sealed."""

    def __init__(self, settings: LicenceSettings, ports: Ports) -> None:
        self._settings = settings
        self._ports = ports

    def card(self, licence: Licence, catalogue: Snapshot, now: int) -> Json:
        """What a list shows: no holder, no fields, nothing sealed."""
        type_ = catalogue.types[licence.type]
        state = licence.state(now)
        return {
            "licence_id": licence.id.hex(),
            "identifier": licence.identifier,
            "origin": type_.origin,
            "type": type_name(type_),
            "issuer": issuer_name(catalogue, licence.agency),
            "region": licence.region,
            "state": state.value,
            "state_code": STATE_CODE.get(state, "99"),
            "revision": licence.revision,
            "trust_level": licence.trust,
            "valid_from": day_of(licence.valid_from).isoformat(),
            "valid_until": day_of(licence.valid_ends - DAY).isoformat() if licence.valid_ends else None,
            "effective_at": rfc3339(licence.effective_at),
            "recorded_at": rfc3339(licence.recorded_at),
            "status": {
                "list": licence.status_list,
                "index": licence.status_index,
                "uri": status_uri(self._settings, licence.status_list),
            },
        }

    def whole(
        self,
        licence: Licence,
        held: list[Holding],
        viewers: Collection[bytes] | None,
        catalogue: Snapshot,
        now: int,
    ) -> Json:
        """The card with number, holders and fields.

        Args:
            licence: its row.
            held: all its holders.
            viewers: keys of the viewer's own file, for which other holders are masked; None sees all.
            catalogue: of now.
            now: unix seconds.

        """
        type_ = catalogue.types[licence.type]
        own = next((each for each in held if viewers is None or each.holder_key in viewers), held[0])
        signed, content = self._first_that_opens([own, *held])
        role = None if viewers is None else own.role
        values = field_values(type_, content.fields)
        shown = seen(type_, values, role, [field.name for field in type_.fields])
        form = self.card(licence, catalogue, now)
        form["number"] = content.number
        form["holders"] = [self._holder(each, viewers, type_) for each in held]
        form["fields"] = field_forms(type_, values, shown)
        if viewers is None or len(held) == 1:  # the signed form shows every holder whole
            form["jws"] = signed
        return form

    def from_source(self, type_: LicenceType, source: LicenceSource, answer: SourceAnswer) -> Json:
        """A source-backed licence: as answered by the source at that time, and by nobody else."""
        values = {
            field.name: answer.fields[field.name] for field in type_.fields if field.name in answer.fields
        }
        return {
            "licence_id": type_.code,
            "identifier": None,
            "origin": "source_backed",
            "type": type_name(type_),
            "issuer": {"uscc": None, "zh": answer.issuer, "en": answer.issuer},
            "state": "as_answered",
            "trust_level": "B",
            "number": answer.number,
            "valid_from": answer.valid_from or None,
            "valid_until": answer.valid_until or None,
            "as_answered_by": {
                "source": source.name,
                "zh": source.title[0],
                "en": source.title[1],
                "at": rfc3339(answer.at),
            },
            "holders": [
                {
                    "role": {"code": "holder", "zh": "持证人", "en": "holder"},
                    "share": "",
                    "kind": "person",
                    "name": answer.name,
                    "you": True,
                }
            ],
            "fields": field_forms(type_, values, values),
        }

    def _first_that_opens(self, held: list[Holding]) -> tuple[str, LicenceContent]:
        """The content; an erased holder's copy is closed for ever, and the others' go on."""
        *others, last = held
        for holding in others:
            try:
                return content_of(self._ports.register, holding, self._settings.deployment)
            except HolderErased:
                continue
        return content_of(self._ports.register, last, self._settings.deployment)

    def _holder(self, holding: Holding, viewers: Collection[bytes] | None, type_: LicenceType) -> Json:
        label = label_of(self._ports.register, holding)
        own = viewers is None or holding.holder_key in viewers
        shown = label if own else Label(mask_name(label.name), label.document_type, mask_number(label.number))
        role = next((role for role in type_.roles if role.code == holding.role), None)
        return {
            "role": {
                "code": holding.role,
                "zh": role.zh if role else holding.role,
                "en": role.en if role else holding.role,
            },
            "share": holding.share,
            "kind": holding.kind,
            "name": shown.name,
            "document_type": shown.document_type,
            "number": shown.number,
            "you": viewers is not None and own,
        }


def type_name(type_: LicenceType) -> Json:
    """A licence type as answers name it."""
    return {
        "code": type_.code,
        "number": type_.number,
        "zh": type_.zh,
        "en": type_.en,
        "public": type_.public,
    }


def issuer_name(catalogue: Snapshot, uscc: str) -> Json:
    """An authority as answers name it."""
    agency = catalogue.agencies[uscc]
    return {"uscc": uscc, "zh": agency.zh, "en": agency.en}


def field_forms(type_: LicenceType, values: dict[str, str], shown: dict[str, str]) -> list[Json]:
    """Fields in the type's order with their names; ``masked`` where another holder's part is hidden."""
    return [
        {
            "name": field.name,
            "zh": field.zh,
            "en": field.en,
            "value": shown[field.name],
            "masked": shown[field.name] != values[field.name],
        }
        for field in type_.fields
        if field.name in shown
    ]
