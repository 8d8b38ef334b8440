"""The holder reads what was done with the own licences: the ledger's events, newest first."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from eLicense.access import holder_of
from eLicense.calendar import rfc3339
from eLicense.catalogue import CurrentCatalogue
from eLicense.events import TRACE_TAGS
from eLicense.ports import Ports
from holders import records as holder_records
from ledger import Recorded, of_holder
from manyou.errors import BadRequest
from store import Tx
from web import VerifiedAccess

__all__ = ["PAGE_MOST", "Trace"]

PAGE_MOST: Final = 100
_EVENT_ID_BYTES: Final = 16


class Trace:
    """The use case behind ``GET /trace``."""

    def __init__(self, ports: Ports, catalogue: CurrentCatalogue) -> None:
        self._ports = ports
        self._catalogue = catalogue

    def page(self, access: VerifiedAccess, before: str | None, limit: int) -> dict[str, Any]:
        """A page of the trace; ``next`` continues it and is null at the end.

        Raises:
            BadRequest: ``before`` is not what ``next`` was.

        """
        subject, cursor = holder_of(access), _cursor(before)

        def work(tx: Tx) -> list[Recorded]:
            keys = holder_records.family(tx, subject)
            found = [each for key in keys for each in of_holder(tx, key, TRACE_TAGS, cursor, limit)]
            return sorted(found, key=lambda each: each.event.id, reverse=True)[:limit]

        found = self._ports.durable.read(work)
        last = found[-1].event.id.hex() if len(found) == limit else None
        return {"events": [self._entry(each) for each in found], "next": last}

    def _entry(self, recorded: Recorded) -> dict[str, Any]:
        event, catalogue = recorded.event, self._catalogue()
        body = msgspec.json.decode(event.body, type=dict[str, Any])
        matter = catalogue.matters.get(body.get("matter", ""))
        type_ = catalogue.types.get(body.get("type", ""))
        agency = catalogue.agencies.get(event.actor)
        names = {field.name: field for field in type_.fields} if type_ else {}
        return {
            "id": event.id.hex(),
            "event": event.tag,
            "at": rfc3339(event.at),
            "number": recorded.number,
            "licence_id": event.subject.hex() or None,
            "type": {"code": type_.code, "zh": type_.zh, "en": type_.en} if type_ else None,
            "actor": {"code": event.actor, "zh": agency.zh, "en": agency.en}
            if agency
            else {"code": event.actor},
            "client": {"client_id": event.client, "name": body.pop("client_name", "")}
            if event.client
            else None,
            "matter": {"code": matter.code, "zh": matter.zh, "en": matter.en} if matter else None,
            "fields": [
                {"name": name, "zh": names[name].zh, "en": names[name].en}
                for name in body.pop("fields", [])
                if name in names
            ],
            "details": {
                key: value for key, value in body.items() if key not in {"matter", "type", "client_name"}
            },
        }


def _cursor(before: str | None) -> bytes | None:
    if before is None:
        return None
    try:
        cursor = bytes.fromhex(before)
    except ValueError:
        cursor = b""
    if len(cursor) != _EVENT_ID_BYTES:
        raise BadRequest("Send before as the member next of the page before.")
    return cursor
