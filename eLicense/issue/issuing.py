"""Issue, from a request to a signed licence: check → claim → record the intent → sign once."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from eLicense.addresses import status_uri
from eLicense.catalogue import CurrentCatalogue
from eLicense.errors import IdempotencyKeyNeeded
from eLicense.issue.claiming import claim
from eLicense.issue.draft import IssueSent, check
from eLicense.issue.intent import intend, seal_for_holders
from eLicense.issue.signing import Signing
from eLicense.licences import records
from eLicense.licences.licence import Licence
from eLicense.ports import Ports
from eLicense.settings import LicenceSettings

__all__ = ["Issuing"]

_KEY: Final = re.compile(r"[!-~]{8,128}")


class Issuing:
    """The use case behind ``POST /licences``."""

    def __init__(
        self, settings: LicenceSettings, ports: Ports, catalogue: CurrentCatalogue, signing: Signing
    ) -> None:
        self._settings = settings
        self._ports = ports
        self._catalogue = catalogue
        self._signing = signing

    def issue(self, agency_uscc: str | None, key: str | None, sent: IssueSent, now: int) -> Licence:
        """Issue, or find what the same request has issued before.

        Raises:
            IdempotencyKeyNeeded, IdempotencyKeyReused: see there.
            NotAnAuthority, UnknownType, TypeNotIssuedHere, UnknownRegion, NotCompetent, HolderRefused,
            FieldRefused, PeriodRefused: from the draft's check; nothing was changed.

        """
        if key is None or not _KEY.fullmatch(key):
            raise IdempotencyKeyNeeded
        ports, catalogue = self._ports, self._catalogue()
        draft = check(sent, agency_uscc, catalogue, ports.register.alias, now)
        # refused before anything is claimed where the ring does not name the type
        key_id = ports.keys.licence_kid(draft.agency, draft.type.code)
        request = ports.keys.mac("idempotency", f"{draft.agency}\n{key}".encode())
        body = ports.keys.mac("idempotency", msgspec.json.encode(sent, order="sorted"))
        size = self._settings.status_size
        claimed = claim(ports.durable, ports.register, draft, request, body, size, now)
        licence, data = intend(
            draft,
            claimed,
            catalogue.agencies[draft.agency],
            key_id,
            status_uri(self._settings, claimed.claim.status_list),
            self._settings.deployment,
        )
        held = seal_for_holders(draft, claimed, data, ports.register)
        # False where an earlier request with this key came so far: then its intent is the one that is signed
        ports.durable.write(lambda tx: records.add(tx, licence, held))
        return self._signing.sign(licence.id, now)
