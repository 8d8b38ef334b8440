"""What anybody may read: status lists, the trust list, licence types, matters."""

from __future__ import annotations

from typing import Any, Final

from eLicense.addresses import BASE
from eLicense.catalogue import CurrentCatalogue, LicenceType, Matter
from eLicense.errors import NoSuchStatusList
from eLicense.licences.view import type_name
from eLicense.status.lists import StatusLists
from eLicense.status.trust import TrustLists
from web import Call, Endpoint, Reply, public

__all__ = ["endpoints"]

# Online a revocation shows within 5 s: no cache between us and a verifier keeps a list longer than this.
_SHORT: Final = ("Cache-Control", "public, max-age=2")
_STATUS: Final = (("Content-Type", "application/statuslist+jwt"), _SHORT)
_TRUST: Final = (("Content-Type", "application/trust-list+jwt"), _SHORT)
_NUMBER_DIGITS: Final = 9


def endpoints(catalogue: CurrentCatalogue, lists: StatusLists, trust: TrustLists) -> tuple[Endpoint, ...]:
    """The public routes; none reads a cookie or shows a person."""

    def status(call: Call) -> Reply:
        number = call.args["number"]
        if not (number.isascii() and number.isdigit() and len(number) <= _NUMBER_DIGITS):
            raise NoSuchStatusList
        return Reply(200, lists.token(int(number), call.now).encode(), _STATUS)

    def aggregation(_call: Call) -> Reply:
        # Token Status List, section "Status List Aggregation"
        return Reply.json({"status_lists": lists.addresses()}, headers=(_SHORT,))

    def trust_list(call: Call) -> Reply:
        return Reply(200, trust.token(call.now).encode(), _TRUST)

    def types(_call: Call) -> Reply:
        listed = sorted(catalogue().types.values(), key=lambda type_: type_.number)
        return Reply.json({"types": [_type(type_) for type_ in listed]}, headers=(_SHORT,))

    def matters(_call: Call) -> Reply:
        listed = sorted(catalogue().matters.values(), key=lambda matter: matter.code)
        return Reply.json({"matters": [_matter(matter) for matter in listed]}, headers=(_SHORT,))

    anybody = public("verifiers need no account; nothing here is about a person")
    return (
        Endpoint("GET", f"{BASE}/status", aggregation, anybody),
        Endpoint("GET", f"{BASE}/status/<number>", status, anybody),
        Endpoint("GET", f"{BASE}/trust-list", trust_list, anybody),
        Endpoint("GET", f"{BASE}/types", types, anybody),
        Endpoint("GET", f"{BASE}/matters", matters, anybody),
    )


def _type(type_: LicenceType) -> dict[str, Any]:
    return {
        **type_name(type_),
        "origin": type_.origin,
        "source": type_.source or None,
        "sensitive": type_.sensitive,
        "holder_kinds": type_.holder_kinds,
        "holders_most": type_.holders_most,
        "roles": type_.roles,
        "fields": type_.fields,
    }


def _matter(matter: Matter) -> dict[str, Any]:
    return {
        "code": matter.code,
        "zh": matter.zh,
        "en": matter.en,
        "agency": matter.agency,
        "region": matter.region,
        "level": matter.level,
        "materials": matter.materials,
    }
