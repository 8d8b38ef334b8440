"""``verified_claims`` (OpenID Connect for Identity Assurance 1.0): what the registry vouches for, and how.

The trust framework is our own, ``cn_manyou_realname``: its assurance levels are the real-name levels r1 (name
and number match the registry), r2 (the phone on file answered) and r3 (seen with the document). A request's
verification is a template: what it names is filled in, and where a value, values or max_age of it is not met
the whole element is left out (§ 5.7.4); of claims only the one that differs. Nothing of it is ever an error.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from idp.oauth.claims.claims import PERSON, PHONE_ANSWERED, open_claims

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from idp.oauth.claims.claims import VerifiedWant
    from idp.people.person import PersonFacts
    from idp.people.records import EvidenceRow

__all__ = ["VERIFIABLE", "metadata", "verified_claims"]

FRAMEWORK: Final = "cn_manyou_realname"
VERIFIABLE: Final = ("name", "birthdate", "gender", "id_number", "phone_number", "address")
"""What the registry vouches for; a phone number only once it has answered."""
DOCUMENTS: Final = {"111": "idcard", "414": "passport"}
"""GB/T 36903 → document type of the working group's list; of the permits there are too many to tell apart."""
PERMIT: Final = "residence_permit"
REGISTER: Final = "population_register"
PHONE: Final = "mobile_account"
IN_PERSON: Final = ("vpip", "pvp")
"""The document was looked at in its holder's presence, and the holder compared with it."""
REQUIRED: Final = ("trust_framework", "type", "check_method")
"""Members without which what holds them is not valid; they are never left out."""
SPECIAL: Final = frozenset({"essential", "purpose"})
"""Members of a request that constrain nothing."""


class _Unmet(Exception):
    """A constraint on the verification that what we hold does not meet."""


def metadata() -> dict[str, Any]:
    """The members of the discovery document (§ 7)."""
    return {
        "verified_claims_supported": True,
        "trust_frameworks_supported": [FRAMEWORK],
        "claims_in_verified_claims_supported": list(VERIFIABLE),
        "evidence_supported": ["document", "electronic_record"],
        "documents_supported": [*DOCUMENTS.values(), PERMIT],
        "documents_check_methods_supported": list(IN_PERSON),
        "electronic_records_supported": [REGISTER, PHONE],
    }


def verified_claims(
    person: PersonFacts, evidence: Sequence[EvidenceRow], wanted: Sequence[VerifiedWant], now: int
) -> Any:
    """The value of the claim: one element, several as an array, None where nothing can be said."""
    held = _verification(person, evidence)
    if held is None:
        return None
    found = []
    for each in wanted:
        claims = open_claims(PERSON, person, frozenset(), each.claims)
        if person.level < PHONE_ANSWERED:
            claims.pop("phone_number", None)
        try:
            verification = _filled({"trust_framework": None} | each.verification, held, now)
        except _Unmet:
            continue
        if claims:
            found.append({"verification": verification, "claims": claims})
    return found if len(found) > 1 else next(iter(found), None)


def _verification(person: PersonFacts, evidence: Sequence[EvidenceRow]) -> dict[str, Any] | None:
    """All that we could say; whole numbers in it are times."""
    decisive = max(evidence, key=lambda row: (row.level, row.at), default=None)
    if decisive is None or decisive.level == 0:
        return None
    shown = [element for row in evidence if (element := _element(person, row)) is not None]
    held = {"trust_framework": FRAMEWORK, "assurance_level": f"r{decisive.level}", "time": decisive.at}
    return {**held, "evidence": shown} if shown else held


def _element(person: PersonFacts, row: EvidenceRow) -> dict[str, Any] | None:
    """A record of ours as evidence; None for a means that the list has no word for."""
    match row.channel:
        case "registry":
            return _record(REGISTER, "data", row.at)
        case "phone_on_file":
            return _record(PHONE, "token", row.at)
        case "seen_by_clerk":
            return {
                "type": "document",
                "check_details": [{"check_method": method, "time": row.at} for method in IN_PERSON],
                "document_details": {"type": DOCUMENTS.get(person.document_type, PERMIT)},
            }
        case _:
            return None


def _record(kind: str, method: str, at: int) -> dict[str, Any]:
    return {
        "type": "electronic_record",
        "check_details": [{"check_method": method, "time": at}],
        "record": {"type": kind},
    }


def _filled(wanted: Any, held: Any, now: int) -> Any:
    """What is held, as far as the template names it; no deeper than what is held."""
    if isinstance(held, list):
        return _matching(wanted, held, now)
    if not isinstance(held, dict):
        return _leaf(wanted if isinstance(wanted, dict) else {}, held, now)
    named = {name: want for name, want in _members(wanted).items() if name not in SPECIAL}
    if not named:
        return {name: _filled(None, value, now) for name, value in held.items()}
    if any(name not in held and _constrains(want) for name, want in named.items()):
        raise _Unmet
    named = dict.fromkeys(REQUIRED) | named
    return {name: _filled(named[name], value, now) for name, value in held.items() if name in named}


def _matching(wanted: Any, held: list[Any], now: int) -> list[Any]:
    """The elements that meet one of the filters, by the first that they meet (§ 5.4: a logical OR)."""
    filters = wanted if isinstance(wanted, list) and wanted else [None]
    found = []
    for each in held:
        for want in filters:
            try:
                found.append(_filled(want, each, now))
            except _Unmet:
                continue
            break
    if not found:
        raise _Unmet
    return found


def _leaf(want: Mapping[str, Any], held: Any, now: int) -> Any:
    most = want.get("max_age")
    value = held
    if isinstance(held, int):
        value = datetime.fromtimestamp(held, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if isinstance(most, int | float) and now - held > most:
            raise _Unmet
    values = want.get("values")
    if ("value" in want and want["value"] != value) or (isinstance(values, list) and value not in values):
        raise _Unmet
    return value


def _members(wanted: Any) -> dict[str, Any]:
    return wanted if isinstance(wanted, dict) else {}


def _constrains(want: Any) -> bool:
    """Whether a template demands something of what we do not hold at all."""
    if isinstance(want, dict):
        return bool({"value", "values", "max_age"} & want.keys()) or any(map(_constrains, want.values()))
    return isinstance(want, list) and any(map(_constrains, want))
