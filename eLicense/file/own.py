"""The holder looks at the own file (mode ``own``): whole for the holder, other holders masked."""

from __future__ import annotations

from typing import Any, Final

from eLicense.access import holder_of, need_level
from eLicense.catalogue import CurrentCatalogue, LicenceType
from eLicense.errors import NoSuchLicence, SourceDown
from eLicense.licences import records
from eLicense.licences.licence import Holding, Licence
from eLicense.licences.view import Views, type_name
from eLicense.ports import Ports
from eLicense.settings import LicenceSettings
from holders import records as holder_records
from store import Tx
from web import VerifiedAccess

__all__ = ["OwnFile"]

_LICENCES_MOST: Final = 200


class OwnFile:
    """The use cases behind ``GET /file`` and ``GET /file/{licence_id}``."""

    def __init__(
        self, settings: LicenceSettings, ports: Ports, catalogue: CurrentCatalogue, views: Views
    ) -> None:
        self._settings = settings
        self._ports = ports
        self._catalogue = catalogue
        self._views = views

    def overview(self, access: VerifiedAccess, now: int) -> dict[str, Any]:
        """Every licence of the holder as a card, newest first; source-backed ones as their source answers.

        Raises:
            LevelTooLow: the person is not known well enough.

        """
        need_level(access, self._settings, now)
        subject, catalogue = holder_of(access), self._catalogue()

        def work(tx: Tx) -> tuple[Any, list[tuple[Licence, Holding]]]:
            keys = holder_records.family(tx, subject)
            row = holder_records.holder(tx, subject)
            return row, [pair for key in keys for pair in records.file_of(tx, key, _LICENCES_MOST)]

        row, pairs = self._ports.durable.read(work)
        kind = row.kind if row else ("organisation" if access.acting_for else "person")
        cards = {licence.id: self._views.card(licence, catalogue, now) for licence, _ in pairs}
        backed = [
            self._from_source(type_, subject, now)
            for type_ in catalogue.types.values()
            if type_.origin == "source_backed" and kind in type_.holder_kinds
        ]
        return {"holder_kind": kind, "licences": [*cards.values(), *(form for form in backed if form)]}

    def licence(self, access: VerifiedAccess, licence_id: str, now: int) -> dict[str, Any]:
        """One licence of the holder, whole; a source-backed one by its type code.

        Raises:
            NoSuchLicence: none, or not this holder's.
            LevelTooLow: the person is not known well enough, for a sensitive type perhaps.
            SourceDown: a source-backed licence whose source does not answer.

        """
        need_level(access, self._settings, now)
        subject, catalogue = holder_of(access), self._catalogue()
        type_ = catalogue.types.get(licence_id)
        if type_ is not None:
            need_level(access, self._settings, now, type_)
            return self._backed(type_, subject, now)
        licence, held, keys = self.find(subject, licence_id)
        need_level(access, self._settings, now, catalogue.types[licence.type])
        return self._views.whole(licence, held, keys, catalogue, now)

    def find(self, subject: bytes, licence_id: str) -> tuple[Licence, list[Holding], tuple[bytes, ...]]:
        """A licence of the holder's file, its holders, and the keys of the file.

        Raises:
            NoSuchLicence: none, or not this holder's.

        """
        try:
            id_ = bytes.fromhex(licence_id)
        except ValueError:
            raise NoSuchLicence from None

        def work(tx: Tx) -> tuple[Licence | None, list[Holding], tuple[bytes, ...]]:
            return records.by_id(tx, id_), records.holdings(tx, id_), holder_records.family(tx, subject)

        licence, held, keys = self._ports.durable.read(work)
        if licence is None or licence.recorded_state == "intended":
            raise NoSuchLicence
        if not any(holding.holder_key in keys for holding in held):
            raise NoSuchLicence
        return licence, held, keys

    def _backed(self, type_: LicenceType, subject: bytes, now: int) -> dict[str, Any]:
        source = self._ports.sources.get(type_.source)
        if type_.origin != "source_backed" or source is None:
            raise NoSuchLicence
        answer = source.ask(type_.code, subject, now)
        if answer is None:
            raise NoSuchLicence
        return self._views.from_source(type_, source, answer)

    def _from_source(self, type_: LicenceType, subject: bytes, now: int) -> dict[str, Any] | None:
        """In the overview a source that is down shows as such and hides nothing else."""
        try:
            return self._backed(type_, subject, now)
        except NoSuchLicence:
            return None
        except SourceDown:
            return {
                "licence_id": type_.code,
                "origin": "source_backed",
                "type": type_name(type_),
                "state": "source_down",
            }
