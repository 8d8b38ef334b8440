"""Somebody scans a code: who sees what, what is spent, and what the holder reads of it.

anonymous            verdict, type, issuer, validity, masked holder; public types: what the law publishes.
                     Spends nothing; trace "somebody, at this time".
registered verifier  what its scan grant gives; spends, in the work that writes the trace.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import msgspec

from eLicense.calendar import day_number, day_of
from eLicense.catalogue import CurrentCatalogue, LicenceType, Snapshot, UseGrant
from eLicense.code.finding import Finding
from eLicense.code.verdicts import Verdicts
from eLicense.events import CodeChecked, EventIds
from eLicense.licences import records
from eLicense.licences.licence import Holding
from eLicense.licences.states import VERDICT
from eLicense.ports import Ports
from eLicense.settings import LicenceSettings
from eLicense.sharing.asked import read_purpose
from eLicense.sharing.caps import count
from ledger import append
from manyou.codes import CodeRefused, Verdict, VerifiedCode
from qr import Checker, marker
from store import Tx, spend
from store.spent import standing
from web import VerifiedAccess

__all__ = ["Checking", "CodeSent"]

_BY_BYTES: Final = 16


class CodeSent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST /codes/check``."""

    code: str
    """As scanned: URL or digits."""
    purpose: str = ""
    business_number: str = ""


@dataclass(frozen=True, slots=True)
class _Scan:
    """Who scans which code, and the event ids of the work."""

    code: VerifiedCode
    client: str
    client_name: str
    registered: bool
    purpose: str
    business_number: str
    grants: dict[str, UseGrant]
    ids: EventIds
    now: int


class Checking:
    """The use case behind ``POST /codes/check``."""

    def __init__(
        self, settings: LicenceSettings, ports: Ports, catalogue: CurrentCatalogue, verdicts: Verdicts
    ) -> None:
        self._ports = ports
        self._catalogue = catalogue
        self._verdicts = verdicts
        self._checker = Checker(lambda: ports.keys.verifying("code"), settings.deployment)

    def check(self, access: VerifiedAccess | None, sent: CodeSent, now: int) -> dict[str, Any]:
        """The verdict, and what this verifier may see. Every finding is an answer, none an error.

        Raises:
            PurposeNeeded: a purpose or business number of another form.
            TooMany: strangers looked at this licence too often a moment ago.
            Unavailable: the trace cannot be written; then nothing is shown.

        """
        purpose, number = read_purpose(sent.purpose, sent.business_number, required=False)
        try:
            code = self._checker.check(sent.code, now)
        except CodeRefused as refusal:
            return self._verdicts.refused(refusal.verdict, now)
        catalogue = self._catalogue()
        registered = access is not None and access.verifier == "registered"
        if not registered:
            self._ports.looked(code.payload.licence, now)
        scan = _Scan(
            code=code,
            client=access.client if access else "",
            client_name=access.client_name if access else "",
            registered=registered,
            purpose=purpose,
            business_number=number,
            grants=catalogue.granted(access.client, "", "scan", day_of(now)) if access and registered else {},
            ids=EventIds.draw(now),
            now=now,
        )
        finding = self._ports.durable.write(lambda tx: _redeem(tx, scan, catalogue))
        return self._verdicts.found(finding, code.payload, catalogue, now)


def _redeem(tx: Tx, scan: _Scan, catalogue: Snapshot) -> Finding:
    """Spend where it counts, write the trace, and say what may be shown."""
    licence = records.by_id(tx, scan.code.payload.licence)
    if licence is None:
        return Finding(Verdict.STATUS_UNKNOWN)
    held = tuple(records.holdings(tx, licence.id))
    type_, agency = catalogue.types.get(licence.type), catalogue.agencies.get(licence.agency)
    payload = scan.code.payload
    if type_ is None or agency is None or (agency.number, type_.number) != (payload.issuer, payload.type):
        return Finding(Verdict.UNKNOWN_ISSUER)
    verdict, used_at = _spent(tx, scan, held)
    state = VERDICT[licence.state(scan.now)]
    if state is not Verdict.VALID and verdict is not Verdict.CODE_EXPIRED:
        verdict = state  # that a licence is over matters more than who scanned its code before
    fields, named = _visible(tx, scan, type_, verdict)
    event = CodeChecked(
        type=licence.type,
        verdict=verdict,
        purpose=scan.purpose,
        business_number=scan.business_number,
        fields=fields,
        client_name=scan.client_name if scan.registered else "",
    )
    for place, holding in enumerate(held):
        append(
            tx,
            event.event(
                scan.ids.nth(place),
                scan.now,
                holding.holder_key,
                actor="verifier" if scan.registered else "somebody",
                client=scan.client if scan.registered else "",
                subject=licence.id,
            ),
        )
    return Finding(verdict, licence, held, used_at, fields, named)


def _spent(tx: Tx, scan: _Scan, held: tuple[Holding, ...]) -> tuple[Verdict, int | None]:
    """Whether the code is still good for this verifier, and when another one used it."""
    by = sha256(scan.client.encode()).digest()[:_BY_BYTES] if scan.registered else b""
    wanted = marker(scan.code, owner=held[0].holder_key, by=by, at=scan.now, ref=scan.ids.nth(0))
    if not scan.registered:
        first = standing(tx, wanted)
        return (Verdict.ALREADY_USED, first.at) if first else (Verdict.VALID, None)
    spending = spend(tx, wanted)
    if spending.won or (spending.first is not None and spending.first.by == by):
        return Verdict.VALID, None
    if spending.first is not None:
        return Verdict.ALREADY_USED, spending.first.at
    return Verdict.CODE_EXPIRED, None


def _visible(tx: Tx, scan: _Scan, type_: LicenceType, verdict: Verdict) -> tuple[tuple[str, ...], bool]:
    if verdict is not Verdict.VALID:
        return (), False
    public = {field.name for field in type_.fields if type_.public and field.public}
    grant = scan.grants.get(type_.code)
    granted = grant is not None and count(tx, grant, day_number(scan.now))
    names = public | set(grant.fields if grant and granted else ())
    return tuple(field.name for field in type_.fields if field.name in names), granted
