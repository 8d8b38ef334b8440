"""Who may call what: scopes, authorities, levels. The token itself is checked behind ``AccessTokens``."""

from __future__ import annotations

from eLicense.catalogue import LicenceType
from eLicense.errors import LevelTooLow, NotAnAuthority, ScopeMissing
from eLicense.settings import LicenceSettings
from manyou.errors import Unauthenticated
from web import AccessTokens, Authorisation, Call, VerifiedAccess
from web.challenges import StepUp

__all__ = [
    "anybody_or_bearer",
    "authority",
    "bearer",
    "holder",
    "holder_of",
    "need_level",
    "short_of",
    "short_of_high",
]


def bearer(tokens: AccessTokens, settings: LicenceSettings) -> Authorisation:
    """A token for the library; what it allows is decided by its ``authorization_details``."""
    return Authorisation(
        "bearer", "a token for the licence library", lambda call: tokens.verify(call, settings.resource)
    )


def holder(tokens: AccessTokens, settings: LicenceSettings) -> Authorisation:
    """A token of scope ``file`` that a holder has let the client have."""

    def admit(call: Call) -> VerifiedAccess:
        access = tokens.verify(call, settings.resource)
        if "file" not in access.scopes or access.subject is None:
            raise ScopeMissing("Ask for a token of scope file, for a holder who has logged in.")
        return access

    return Authorisation("bearer:file", "the holder's own file", admit)


def authority(tokens: AccessTokens, settings: LicenceSettings) -> Authorisation:
    """A token of scope ``issue`` that an authority's client got for itself."""

    def admit(call: Call) -> VerifiedAccess:
        access = tokens.verify(call, settings.resource)
        if "issue" not in access.scopes:
            raise ScopeMissing("Ask for a token of scope issue.")
        if access.agency_uscc is None:
            raise NotAnAuthority
        return access

    return Authorisation("bearer:issue", "an authority issues and changes its own licences", admit)


def anybody_or_bearer(tokens: AccessTokens, settings: LicenceSettings) -> Authorisation:
    """Anybody; a registered verifier sends its token of scope ``check`` and is then named in the trace."""

    def admit(call: Call) -> VerifiedAccess | None:
        if call.header("Authorization") is None:
            return None
        access = tokens.verify(call, settings.resource)
        if "check" not in access.scopes:
            raise ScopeMissing("Ask for a token of scope check, or send no token to check as anybody.")
        return access

    return Authorisation("public or bearer:check", "anybody may ask whether a code is genuine", admit)


def holder_of(access: VerifiedAccess) -> bytes:
    """The holder whose file a token is for.

    Raises:
        Unauthenticated: the token stands for nobody.

    """
    if access.subject is None:
        raise Unauthenticated("Send a token that a holder has let you have.")
    return access.subject


def need_level(
    access: VerifiedAccess, settings: LicenceSettings, now: int, type_: LicenceType | None = None
) -> None:
    """Refuse a person who is not known well enough, or did not log in well enough, to see or show licences.

    Raises:
        LevelTooLow: below R2, or below R3 for sensitive types and when acting for an organisation.
        StepUp: a new login would do.

    """
    if access.acting_for is not None or (type_ is not None and type_.sensitive):
        lacking = short_of_high(access, settings, now)
    else:
        lacking = short_of(access, settings.show_level, now)
    if lacking is not None:
        raise lacking


def short_of_high(access: VerifiedAccess, settings: LicenceSettings, now: int) -> LevelTooLow | StepUp | None:
    """The same for sensitive types and organisations."""
    return short_of(
        access,
        settings.company_level,
        now,
        strength=settings.company_strength,
        age=settings.company_login_seconds,
    )


def short_of(
    access: VerifiedAccess, level: int, now: int, *, strength: int = 1, age: int = 0
) -> LevelTooLow | StepUp | None:
    """What a person lacks: a real-name level that no login gives, or a login that shows all there is.

    Args:
        access: the person's token.
        level: real-name level.
        now: unix seconds.
        strength: login strength.
        age: how many seconds old the login may be; 0: any.

    """
    if max(access.level, access.present_level) < level:
        return LevelTooLow()
    low = access.level < level or access.strength < strength
    old = age > 0 and now - access.auth_time > age
    if not low and not old:
        return None
    acr_values = f"urn:manyou:acr:r{level}-a{strength}" if low else ""
    return StepUp(acr_values=acr_values, max_age=age if old else None)
