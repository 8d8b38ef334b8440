"""The parameter ``claims`` (OIDC Core § 5.5), read strictly and kept short (pure).

What of it is known here and open to the client becomes ``Wanted``, whose canonical JSON stands with the
consent; the code and the tokens carry its digest alone. Other claims and unknown members are ignored (§ 5.5,
§ 5.5.1), malformed ones refused. Every claim is voluntary: one that is not held, not allowed, or not of the
wanted value stays out. Only an essential ``acr`` refuses (§ 5.5.1.1), and ``sub`` names a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import msgspec

from idp.oauth.claims.claims import Part, VerifiedWant, Want, opened_by
from idp.oauth.claims.verified_claims import VERIFIABLE
from idp.oauth.errors import InvalidRequest
from idp.oauth.sealed_code import digest_of

__all__ = ["NOTHING", "Asked", "Wanted", "agreed_to", "allowed", "asked_for", "canonical", "read", "stored"]

LONGEST: Final = 4_096
"""Characters of the parameter: it travels in addresses, and each claim is a line of the consent page."""
DEPTH_MOST: Final = 16
"""Levels; a template of verification with all that there is has ten."""
VALUES_MOST: Final = 16
ELEMENTS_MOST: Final = 4
VERIFIED: Final = "verified_claims"
AS_VERIFIED: Final = "verified_"
"""Before the name of a claim on the consent page: what it is, and how it was verified."""
BOTH: Final = ("userinfo", "id_token")
ONLY_NULL_OR_OBJECT: Final = "Send each member of claims as null or as a JSON object."


class Wanted(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is to be answered where, as far as the holder allowed."""

    userinfo: Part = Part()
    id_token: Part = Part()
    acrs: tuple[str, ...] = ()
    """One of these the ID token must name."""

    def __bool__(self) -> bool:
        """Whether there is anything to keep."""
        return bool(self.userinfo or self.id_token or self.acrs)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request's ``claims``."""

    wanted: Wanted
    acrs: tuple[str, ...] = ()
    """Wanted as acr_values are; where essential, ``wanted`` has them too."""
    subjects: tuple[str, ...] | None = None
    """The person must be one of these; None: anybody."""


NOTHING: Final = Asked(Wanted())

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder(order="deterministic").encode
_stored = msgspec.json.Decoder(Wanted).decode


def read(text: str, names: frozenset[str]) -> Asked:
    """The parameter's meaning, of the claims that may be asked for.

    Raises:
        InvalidRequest: no JSON object of the form of § 5.5, or longer than we keep.

    """
    if len(text) > LONGEST:
        raise InvalidRequest(f"Send claims of at most {LONGEST} characters.")
    try:
        whole = _decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InvalidRequest("Send claims as a JSON object.") from error
    if not _shallow(whole):
        raise InvalidRequest(f"Send claims of at most {DEPTH_MOST} levels.")
    parts = {place: _object(whole.get(place)) for place in BOTH}
    acr = _want(parts["id_token"].get("acr"))
    acrs = tuple(str(value) for value in acr.values or ())  # what is no text is no acr of ours either
    subjects = [want for part in parts.values() if (want := _want(part.get("sub"))).values is not None]
    wanted = Wanted(
        userinfo=_part(parts["userinfo"], names),
        id_token=_part(parts["id_token"], names),
        acrs=acrs if acr.essential and acr.values is not None else (),
    )
    return Asked(wanted, acrs, _named(subjects))


def _shallow(whole: Any) -> bool:
    """Whether nothing stands deeper than we look; level by level: what is deep cannot be recursed into."""
    level = [whole]
    for _ in range(DEPTH_MOST):
        inside: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                inside += each.values()
            elif isinstance(each, list):
                inside += each
        if not inside:
            return True
        level = inside
    return False


def _object(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidRequest(ONLY_NULL_OR_OBJECT)
    return value


def _part(part: dict[str, Any], names: frozenset[str]) -> Part:
    verified = part.pop(VERIFIED, None)
    each = verified if isinstance(verified, list) else [] if verified is None else [verified]
    if len(each) > ELEMENTS_MOST:
        raise InvalidRequest(f"Send at most {ELEMENTS_MOST} elements of verified_claims.")
    return Part(_known(part, names), tuple(want for one in each if (want := _verified(one, names)).claims))


def _known(part: dict[str, Any], names: frozenset[str]) -> dict[str, Want]:
    """The claims that may be asked for; the others' form is judged all the same."""
    wants = {name: _want(value) for name, value in part.items()}
    return {name: want for name, want in wants.items() if name in names}


def _verified(element: Any, names: frozenset[str]) -> VerifiedWant:
    """Identity Assurance 1.0 § 5.3, § 5.4: the template is kept as it is, and judged when it is filled in."""
    found = element if isinstance(element, dict) else {}
    verification, claims = found.get("verification"), found.get("claims")
    if not isinstance(verification, dict) or not isinstance(claims, dict):
        raise InvalidRequest("Send verified_claims with the objects verification and claims.")
    return VerifiedWant(verification, _known(claims, names.intersection(VERIFIABLE)))


def _want(value: Any) -> Want:
    found = _object(value)
    essential, values = found.get("essential", False), found.get("values")
    if not isinstance(essential, bool):
        raise InvalidRequest("Send essential as true or false.")
    if values is not None and (not isinstance(values, list) or len(values) > VALUES_MOST):
        raise InvalidRequest(f"Send values as an array of at most {VALUES_MOST}.")
    if "value" in found:
        values = [found["value"]]
    return Want(essential, None if values is None else tuple(values))


def _named(wants: list[Want]) -> tuple[str, ...] | None:
    """Who may answer: of several demands, whoever meets each."""
    if not wants:
        return None
    first, *others = (want.values or () for want in wants)
    return tuple(each for each in first if isinstance(each, str) and all(each in other for other in others))


def asked_for(wanted: Wanted, scopes: tuple[str, ...]) -> dict[str, bool]:
    """The claims to show on the consent page, and whether essential: all that no scope opens anyway."""
    opened = opened_by(frozenset(scopes))
    found: dict[str, bool] = {}
    for part in (wanted.userinfo, wanted.id_token):
        shown = [(name, want) for name, want in part.claims.items() if name not in opened]
        shown += [(AS_VERIFIED + name, want) for one in part.verified for name, want in one.claims.items()]
        for name, want in shown:
            found[name] = found.get(name, False) or want.essential
    return found


def agreed_to(bodies: Iterable[str], scopes: tuple[str, ...]) -> list[str]:
    """The claims in what stands agreed to, for the account page; authorization details are passed over."""
    found: dict[str, bool] = {}
    for text in bodies:
        with suppress(msgspec.MsgspecError):
            found |= asked_for(_stored(text), scopes)
    return list(found)


def allowed(wanted: Wanted, scopes: tuple[str, ...], ticked: frozenset[str]) -> Wanted:
    """What is left where the holder allowed only these of the claims that were shown."""
    refused = asked_for(wanted, scopes).keys() - ticked

    def some(claims: dict[str, Want], prefix: str = "") -> dict[str, Want]:
        return {name: want for name, want in claims.items() if prefix + name not in refused}

    def left(part: Part) -> Part:
        verified = [VerifiedWant(one.verification, some(one.claims, AS_VERIFIED)) for one in part.verified]
        return Part(some(part.claims), tuple(one for one in verified if one.claims))

    return msgspec.structs.replace(wanted, userinfo=left(wanted.userinfo), id_token=left(wanted.id_token))


def canonical(wanted: Wanted) -> tuple[bytes, str]:
    """Digest and canonical JSON; the digest is never that of an authorization detail."""
    body = _encode(wanted).decode()
    return digest_of("claims " + body), body


@lru_cache(maxsize=1024)
def stored(body: str) -> Wanted:
    """What :func:`canonical` wrote."""
    return _stored(body)
