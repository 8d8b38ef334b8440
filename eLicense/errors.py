"""Refusals of the licence room.

Problem
├── BadRequest
│   ├── UnknownType, UnknownMatter, UnknownRegion      a code that the catalogue does not have
│   ├── FieldRefused                                   a licence field's value against its type
│   ├── HolderRefused                                  a holder's document, role, kind or number of holders
│   ├── PeriodRefused                                  validity or effect that cannot be
│   ├── IdempotencyKeyNeeded                           an issue without its key
│   ├── PurposeNeeded                                  a use without purpose or business number
│   ├── DetailRefused                                  authorization_details of another shape
│   └── CatalogueRefused                               a definition that contradicts itself or the past
├── Forbidden
│   ├── ScopeMissing                                   the token does not carry the scope
│   ├── NotAnAuthority, NotCompetent, TypeNotIssuedHere
│   ├── UseNotGranted, UseNotConsented, DailyCapReached
│   └── LevelTooLow                                    real-name level
├── NotFound
│   ├── NoSuchLicence                                  not there, or not the caller's
│   └── NoSuchStatusList
├── Conflict
│   ├── IdempotencyKeyReused                           same key, another body
│   ├── TransitionRefused                              the state machine has no such row
│   └── LicenceNotShowable                             only a valid licence gets a code
└── Unavailable
    └── SourceDown                                     a source does not answer
"""

from __future__ import annotations

from manyou.errors import BadRequest, Conflict, Forbidden, NotFound, Unavailable

__all__ = [
    "CatalogueRefused",
    "DailyCapReached",
    "DetailRefused",
    "FieldRefused",
    "HolderRefused",
    "IdempotencyKeyNeeded",
    "IdempotencyKeyReused",
    "LevelTooLow",
    "LicenceNotShowable",
    "NoSuchLicence",
    "NoSuchStatusList",
    "NotAnAuthority",
    "NotCompetent",
    "PeriodRefused",
    "PurposeNeeded",
    "ScopeMissing",
    "SourceDown",
    "TransitionRefused",
    "TypeNotIssuedHere",
    "UnknownMatter",
    "UnknownRegion",
    "UnknownType",
    "UseNotConsented",
    "UseNotGranted",
]


class UnknownType(BadRequest):
    """No licence type of that code."""

    code = "unknown_licence_type"
    mend = "Send a licence type code that GET /elicence/v1/types lists."


class UnknownMatter(BadRequest):
    """No matter of that code."""

    code = "unknown_matter"
    mend = "Send a matter code that GET /elicence/v1/matters lists."


class UnknownRegion(BadRequest):
    """Not a six-digit administrative division code."""

    code = "unknown_region"
    mend = "Send the region as six digits (GB/T 2260)."


class FieldRefused(BadRequest):
    """A field's value does not fit the licence type."""

    code = "field_refused"
    mend = "Send exactly the fields that the licence type defines, each in its form."


class HolderRefused(BadRequest):
    """A holder does not fit the licence type, or the document does not parse."""

    code = "holder_refused"
    mend = "Send each holder with document type, valid number, name and a role of the licence type."


class PeriodRefused(BadRequest):
    """Validity or effect that cannot be."""

    code = "period_refused"
    mend = (
        "Send an end after the beginning; an effect in the past needs its document, in the future is refused."
    )


class IdempotencyKeyNeeded(BadRequest):
    """An issue without its key could happen twice."""

    code = "idempotency_key_needed"
    mend = "Send the header Idempotency-Key with 8 to 128 visible ASCII characters."


class PurposeNeeded(BadRequest):
    """Every use says what for, and under which case."""

    code = "purpose_needed"
    mend = "Send purpose (to 200 characters) and business_number (to 64 of A-Z a-z 0-9 -_/.); no ID numbers."


class DetailRefused(BadRequest):
    """An authorization_details entry of another shape."""

    code = "authorization_detail_refused"
    mend = "Send type, matter, purpose and business_number, each a string, and nothing else."


class CatalogueRefused(BadRequest):
    """A catalogue definition that contradicts itself or what stands."""

    code = "catalogue_refused"
    mend = "Mend the definition; numbers and codes once given keep their meaning."


class ScopeMissing(Forbidden):
    """The token does not carry the scope that the operation needs."""

    code = "scope_missing"
    mend = "Ask for a token with the documented scope of this operation."


class NotAnAuthority(Forbidden):
    """The token's client is no authority of the catalogue."""

    code = "not_an_authority"
    mend = "Use the token of a client that is registered for an agency of the catalogue."


class NotCompetent(Forbidden):
    """The authority is not competent for type, region and day, or for this licence."""

    code = "not_competent"
    mend = "Only an authority that is competent for the licence type and region on that day may do this."


class TypeNotIssuedHere(Forbidden):
    """A source-backed type is answered by its source and never issued by us."""

    code = "type_not_issued_here"
    mend = "Licences of this type come from their source and are not issued here."


class UseNotGranted(Forbidden):
    """No use grant for client and matter."""

    code = "use_not_granted"
    mend = "Apply for a use grant of this matter at the authority that owns the licence type."


class UseNotConsented(Forbidden):
    """The holder's token does not cover this matter, purpose and business number."""

    code = "use_not_consented"
    mend = "Ask the holder for consent with authorization_details of exactly this matter, purpose and number."


class DailyCapReached(Forbidden):
    """The grant's uses of the day are spent."""

    code = "daily_cap_reached"
    mend = "Wait for the next day or have the daily cap of the use grant raised."


class LevelTooLow(Forbidden):
    """The person's real-name level is below what this needs."""

    code = "level_too_low"
    mend = "The holder first has to raise the real-name level."


class NoSuchLicence(NotFound):
    """Not there, or not for the caller to know."""

    code = "no_such_licence"
    mend = "Check the licence's identifier or id."


class NoSuchStatusList(NotFound):
    """No status list of that number."""

    code = "no_such_status_list"
    mend = "Take the status-list number from the code, the licence or the trust list."


class IdempotencyKeyReused(Conflict):
    """The key already stands for another request."""

    code = "idempotency_key_reused"
    mend = "Use a new Idempotency-Key for another licence; repeat the same body to repeat the same request."


class TransitionRefused(Conflict):
    """The licence's present state does not allow the operation."""

    code = "transition_refused"
    mend = "Read the licence's state; the documented table lists what each state allows."


class LicenceNotShowable(Conflict):
    """Only a valid licence issued here gets a code."""

    code = "licence_not_showable"
    mend = "Only a licence in state valid, issued here, can be shown by a code."


class SourceDown(Unavailable):
    """A source of licences does not answer."""

    code = "source_down"
    mend = "Try again later; the source of this licence type does not answer now."
