"""What ``authorization_details`` of type ``elicence`` mean (RFC 9396): a use for one matter and case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from eLicense.calendar import day_of
from eLicense.catalogue import CurrentCatalogue, Matter
from eLicense.errors import DetailRefused, UnknownMatter, UseNotGranted
from eLicense.sharing.asked import read_purpose
from eLicense.sharing.disclosure import Ask, Wanted, agreed_fields, wanted
from web import Catalogue, Sentence

__all__ = ["DETAIL_TYPE", "ElicenceDetail"]

DETAIL_TYPE: Final = "elicence"
_MEMBERS: Final = ("type", "matter", "purpose", "business_number")
_FIELDS: Final = "fields"
"""Ours to add: the digest of what may go out as of the consent. A client that sends it back sets nothing."""


class ElicenceDetail:
    """Implements ``web.DetailType``."""

    def __init__(self, catalogue: CurrentCatalogue, texts: Catalogue, clock: Callable[[], int]) -> None:
        self._catalogue = catalogue
        self._texts = texts
        self._clock = clock

    @property
    def name(self) -> str:
        """The value of the member ``type``."""
        return DETAIL_TYPE

    def validate(self, detail: Mapping[str, Any], client: str) -> Mapping[str, Any]:
        """The detail in canonical form.

        Raises:
            DetailRefused: other members, or not strings.
            PurposeNeeded: purpose or business number missing or of another form.
            UnknownMatter: the catalogue has no such matter.
            UseNotGranted: no grant gives this client anything of the matter.

        """
        members = set(detail) - {_FIELDS}
        if members != set(_MEMBERS) or not all(isinstance(value, str) for value in detail.values()):
            raise DetailRefused
        if detail["type"] != DETAIL_TYPE:
            raise DetailRefused
        purpose, number = read_purpose(detail["purpose"], detail["business_number"])
        _, materials = self._wanted(detail["matter"], client)
        return {
            "type": DETAIL_TYPE,
            "matter": detail["matter"],
            "purpose": purpose,
            "business_number": number,
            _FIELDS: agreed_fields(materials),
        }

    def narrow(self, asked: Mapping[str, Any], granted: Mapping[str, Any]) -> bool:
        """A consent is for one matter, purpose, case and set of fields; only the same goes no further."""
        return all(asked.get(member) == granted.get(member) for member in (*_MEMBERS, _FIELDS))

    def sentences(self, detail: Mapping[str, Any], client: str) -> Sequence[Sentence]:
        """What the person agrees to: the matter, each licence with its fields, then purpose and number.

        Raises:
            UnknownMatter, UseNotGranted: as in ``validate``.

        """
        matter, materials = self._wanted(detail["matter"], client)
        said = [self._sentence("matter", matter.zh, matter.en)]
        said += [self._licence(ask) for material in materials for ask in material.asks]
        said.append(self._sentence("purpose", detail["purpose"], detail["purpose"]))
        said.append(self._sentence("case", detail["business_number"], detail["business_number"]))
        return said

    def _licence(self, ask: Ask) -> Sentence:
        key = "elicence_consent.licence"
        zh = "、".join(field.zh for field in ask.fields)
        en = ", ".join(field.en for field in ask.fields)
        return Sentence(
            self._texts.pair(key, licence=ask.type.zh, fields=zh)[0],
            self._texts.pair(key, licence=ask.type.en, fields=en)[1],
        )

    def _sentence(self, name: str, zh: str, en: str) -> Sentence:
        key = f"elicence_consent.{name}"
        return Sentence(self._texts.pair(key, what=zh)[0], self._texts.pair(key, what=en)[1])

    def _wanted(self, code: str, client: str) -> tuple[Matter, tuple[Wanted, ...]]:
        catalogue = self._catalogue()
        matter = catalogue.matters.get(code)
        if matter is None:
            raise UnknownMatter
        materials = wanted(catalogue, client, matter, None, day_of(self._clock()))
        if not any(material.asks for material in materials):
            raise UseNotGranted
        return matter, materials
