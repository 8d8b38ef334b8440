"""The trust list, put together from the catalogue, the keys and the status lists; its version only rises."""

from __future__ import annotations

from hashlib import sha256
from typing import Final, cast

import msgspec

from eLicense.addresses import status_uri
from eLicense.catalogue import CurrentCatalogue
from eLicense.ports import Ports
from eLicense.settings import LicenceSettings
from eLicense.status import records
from manyou.trust import TYP, Issuer, KeyPurpose, LicenceType, StatusListAddress, TrustContent, TrustedKey

__all__ = ["TrustLists"]

_KEPT_SECONDS: Final = 3_600
_PURPOSES: Final = ("code", "licence", "status")


class TrustLists:
    """The trust list of this worker."""

    def __init__(self, settings: LicenceSettings, ports: Ports, catalogue: CurrentCatalogue) -> None:
        self._settings = settings
        self._ports = ports
        self._catalogue = catalogue
        self._kept: tuple[str, int] | None = None
        self._news = 0
        for kind in ("catalogue", "key-ring", records.NEWS):
            ports.feed.subscribe(kind, self._forget)

    def token(self, now: int) -> str:
        """The list as a JWS of typ ``trust-list+jwt``."""
        kept = self._kept
        if kept is not None and self._ports.feed.fresh() and 0 <= now - kept[1] < _KEPT_SECONDS:
            return kept[0]
        news = self._news
        content = self.content(now)
        token = self._ports.keys.sign_jwt("trust", msgspec.to_builtins(content), typ=TYP)
        if news == self._news:
            self._kept = (token, now)
        return token

    def content(self, now: int) -> TrustContent:
        """What the list says now; a content that was never said before raises the version, durably."""
        said = self._assembled(now)
        digest = sha256(msgspec.json.encode(said)).digest()
        version, _ = self._ports.durable.write(lambda tx: records.trust_version(tx, digest, now))
        life = self._settings.trust_life
        return msgspec.structs.replace(said, version=version, iat=now, exp=now + life)

    def _assembled(self, now: int) -> TrustContent:
        catalogue = self._catalogue()
        keys = sorted(self._ports.keys.trust_entries(), key=lambda key: (key.purpose, key.kid))
        numbers = self._ports.durable.read(records.all_lists)
        return TrustContent(
            iss=self._settings.issuer,
            deployment=self._settings.deployment,
            version=0,
            iat=0,
            exp=0,
            issuers=tuple(
                Issuer(agency.number, agency.zh, agency.uscc)
                for agency in sorted(catalogue.agencies.values(), key=lambda agency: agency.number)
            ),
            types=tuple(
                LicenceType(type_.number, type_.code, type_.zh, type_.public)
                for type_ in sorted(catalogue.types.values(), key=lambda type_: type_.number)
            ),
            keys=tuple(
                TrustedKey(
                    kid=key.kid,
                    purpose=cast("KeyPurpose", key.purpose),
                    jwk=key.jwk,
                    not_before=key.not_before,
                    not_after=key.not_after,
                    types=key.types,
                    uscc=key.agency,
                )
                for key in keys
                if key.purpose in _PURPOSES
            ),
            status_lists=tuple(
                StatusListAddress(number, status_uri(self._settings, number)) for number in numbers
            ),
            anchors=tuple(
                {**key.jwk, "kid": key.kid}
                for key in keys
                if key.purpose == "trust" and (key.not_after is None or now < key.not_after)
            ),
        )

    def _forget(self, _subject: bytes | None) -> None:
        self._news += 1
        self._kept = None
