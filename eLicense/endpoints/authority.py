"""What an authority does: issue, read and change its licences."""

from __future__ import annotations

from typing import Any

from eLicense.access import authority
from eLicense.addresses import BASE
from eLicense.calendar import day_of, rfc3339
from eLicense.catalogue import CurrentCatalogue
from eLicense.errors import NoSuchLicence, NotAnAuthority, NotCompetent
from eLicense.issue.draft import IssueSent
from eLicense.issue.issuing import Issuing
from eLicense.licences import records
from eLicense.licences.licence import Change, Holding, Licence
from eLicense.licences.view import Views
from eLicense.lifecycle.transitions import Transitions, TransitionSent, relation
from eLicense.ports import Ports
from eLicense.settings import LicenceSettings
from holders import HolderErased
from store import Tx
from web import Call, Endpoint, Reply, VerifiedAccess

__all__ = ["endpoints"]

_BODY_LIMIT = 256 * 1024


def endpoints(
    settings: LicenceSettings,
    ports: Ports,
    catalogue: CurrentCatalogue,
    issuing: Issuing,
    transitions: Transitions,
    views: Views,
) -> tuple[Endpoint, ...]:
    """The authority's routes."""

    def whole(licence: Licence, now: int) -> dict[str, Any]:
        def work(tx: Tx) -> tuple[list[Holding], list[Change]]:
            return records.holdings(tx, licence.id), records.changes(tx, licence.id)

        held, changes = ports.durable.read(work)
        try:
            form = views.whole(licence, held, None, catalogue(), now)
        except HolderErased:  # nobody's copy opens any more: what the row says, and its history
            form = views.card(licence, catalogue(), now)
        form["history"] = [_change(change) for change in changes]
        return form

    def issue(call: Call) -> Reply:
        access: VerifiedAccess = call.principal
        sent = call.json(IssueSent)
        licence = issuing.issue(access.agency_uscc, call.header("Idempotency-Key"), sent, call.now)
        location = ("Location", f"{settings.issuer}{BASE}/licences/{licence.identifier}")
        return Reply.json(whole(licence, call.now), 201).adding(location)

    def show(call: Call) -> Reply:
        access: VerifiedAccess = call.principal
        licence = ports.durable.read(lambda tx: records.by_identifier(tx, call.args["identifier"]))
        if licence is None or licence.recorded_state == "intended":
            raise NoSuchLicence
        agency = access.agency_uscc or ""
        if not catalogue().acts(agency, day_of(call.now)):
            raise NotAnAuthority
        if not relation(catalogue(), agency, licence.agency):
            raise NotCompetent
        return Reply.json(whole(licence, call.now))

    def change(call: Call) -> Reply:
        access: VerifiedAccess = call.principal
        sent = call.json(TransitionSent)
        licence = transitions.order(access.agency_uscc, call.args["identifier"], sent, call.now)
        return Reply.json(whole(licence, call.now))

    admit = authority(ports.tokens, settings)
    one = f"{BASE}/licences/<identifier>"
    return (
        Endpoint("POST", f"{BASE}/licences", issue, admit, body_limit=_BODY_LIMIT),
        Endpoint("GET", one, show, admit),
        Endpoint("POST", f"{one}/transitions", change, admit),
    )


def _change(change: Change) -> dict[str, Any]:
    return {
        "revision": change.revision,
        "operation": change.operation,
        "from_state": change.from_state,
        "to_state": change.to_state,
        "effective_at": rfc3339(change.effective_at),
        "recorded_at": rfc3339(change.recorded_at),
        "agency": change.agency or None,
    }
