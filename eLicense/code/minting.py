"""A holder asks for a code of an own licence; it rotates, so it is asked for again and again."""

from __future__ import annotations

import os
from typing import Any

import msgspec

from eLicense.access import holder_of, need_level
from eLicense.catalogue import CurrentCatalogue
from eLicense.errors import LicenceNotShowable
from eLicense.file.own import OwnFile
from eLicense.licences.licence import Label
from eLicense.licences.sealed import label_of
from eLicense.licences.states import State
from eLicense.ports import Ports
from eLicense.settings import LicenceSettings
from manyou.identifiers import ORGANISATION_CODE_TYPES, InvalidUscc
from qr import LicenceFacts, Minter, QrSettings, draw, organisation_shown, person_shown
from qr.mint import NONCE_BYTES
from web import VerifiedAccess

__all__ = ["CodeAsked", "Minting", "shown_holder"]


class CodeAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST /codes``."""

    licence_id: str


class Minting:
    """The use case behind ``POST /codes``."""

    def __init__(
        self, settings: LicenceSettings, ports: Ports, catalogue: CurrentCatalogue, own: OwnFile
    ) -> None:
        self._settings = settings
        self._ports = ports
        self._catalogue = catalogue
        self._own = own
        self._minter = Minter(settings.deployment, settings.verifier_url, settings.code_seconds)
        self._mask = QrSettings().mask

    def mint(self, access: VerifiedAccess, asked: CodeAsked, now: int) -> dict[str, Any]:
        """Digits, the URL that holds them, and its picture; good from ``issued_at`` until before ``ends``.

        Raises:
            NoSuchLicence: none, or not this holder's.
            LevelTooLow: the person is not known well enough to show it.
            LicenceNotShowable: not valid now, or not issued here.

        """
        catalogue = self._catalogue()
        need_level(access, self._settings, now)
        if asked.licence_id in catalogue.types:
            raise LicenceNotShowable
        licence, held, keys = self._own.find(holder_of(access), asked.licence_id)
        type_ = catalogue.types[licence.type]
        need_level(access, self._settings, now, type_)
        if licence.state(now) is not State.VALID:
            raise LicenceNotShowable
        own = next(holding for holding in held if holding.holder_key in keys)
        facts = LicenceFacts(
            issuer=catalogue.agencies[licence.agency].number,
            type=type_.number,
            licence=licence.id,
            holder=shown_holder(label_of(self._ports.register, own)),
            list=licence.status_list,
            index=licence.status_index,
        )
        minted = self._minter.mint(facts, self._ports.keys.signer("code"), now, os.urandom(NONCE_BYTES))
        drawing = draw(minted.url, self._mask)
        return {
            "digits": minted.digits,
            "url": minted.url,
            "svg_path": drawing.path,
            "size": drawing.size,
            "issued_at": minted.issued_at,
            "ends": minted.ends,
        }


def shown_holder(label: Label) -> str | bytes:
    """What a code says of a holder: a person's masked name, an organisation's code."""
    if label.document_type in ORGANISATION_CODE_TYPES:
        try:
            return organisation_shown(label.number)
        except InvalidUscc:
            pass  # an organisation without such a code is shown like a person
    return person_shown(label.name)
