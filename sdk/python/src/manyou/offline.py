"""Checking a code without a network: trust list and status lists were fetched before, the clock is given.

No I/O here: whoever fetches the lists keeps them.  Every answer is a verdict with a stable reason code,
and says how old the status list is.  Of the holder it knows what the code says, so a person's verdict
means: compare with the card.  Two bits cannot tell why a licence ended, and spending needs the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from manyou._jws import BadJws
from manyou.codes import (
    CodeA,
    CodeRefused,
    SignedCode,
    UnknownIssuer,
    Verdict,
    VerifiedCode,
    freshness,
    parse,
    verify,
)
from manyou.identifiers import InvalidUscc, Uscc
from manyou.status import Status, StatusList, StatusOutOfRange
from manyou.trust import Issuer, LicenceType, TrustList

__all__ = ["OfflineVerdict", "OfflineVerifier", "verify_offline", "verify_signed"]

_VERDICTS = {
    Status.VALID: Verdict.VALID,
    Status.INVALID: Verdict.NO_LONGER_VALID,
    Status.SUSPENDED: Verdict.SUSPENDED,
}


@dataclass(frozen=True, slots=True)
class OfflineVerdict:
    """What an offline check found.  What is not known stays None."""

    verdict: Verdict
    code: VerifiedCode | None = None
    """From here on only what was signed."""
    issuer: Issuer | None = None
    type: LicenceType | None = None
    list_age: int | None = None
    """Seconds since the status list was signed; None without a list that belongs to the code."""
    detail: str = ""
    """For the log."""

    @property
    def valid(self) -> bool:
        """Whether the code may be accepted."""
        return self.verdict is Verdict.VALID

    @property
    def holder(self) -> str | None:
        """A person's masked name, or an organisation's USCC."""
        if self.code is None:
            return None
        holder = self.code.payload.holder
        if isinstance(holder, str):
            return holder
        try:
            return Uscc.unpack(holder).text
        except InvalidUscc:
            return None

    @property
    def holder_is_person(self) -> bool:
        """Whether the verdict is to say: compare with the card."""
        return self.code is not None and isinstance(self.code.payload.holder, str)


@dataclass(frozen=True, slots=True)
class OfflineVerifier:
    """A trust list and the status lists verified against it, by number."""

    trust: TrustList
    status_lists: Mapping[int, StatusList]

    def check(self, text: str, now: int) -> OfflineVerdict:
        """The verdict on a scanned text, as :func:`verify_offline` gives it."""
        return verify_offline(text, self.trust, self.status_lists, now)


def verify_offline(
    text: str, trust: TrustList, status_lists: Mapping[int, StatusList], now: int
) -> OfflineVerdict:
    """The verdict on a scanned text: URL or digits.  Raises nothing.

    Args:
        status_lists: verified copies by number; one past its limit answers ``status_unknown``.
        now: unix seconds.
    """
    try:
        signed = parse(text)
        code, issuer, type_ = verify_signed(signed, trust)
    except CodeRefused as refusal:
        return OfflineVerdict(refusal.verdict, detail=refusal.detail)
    verdict, detail = _verdict(code.payload, trust, status_lists, now)
    status_list = status_lists.get(code.payload.list)
    age = None if status_list is None else status_list.age(now)
    return OfflineVerdict(verdict, code, issuer, type_, age, detail)


def verify_signed(code: SignedCode, trust: TrustList) -> tuple[VerifiedCode, Issuer, LicenceType]:
    """The code verified by the key that the trust list names, with its issuer and licence type.

    Raises:
        UnknownIssuer: key, issuer or type is not in the list, or the key was not valid at the code's time.
        BadSignature: not by that key.
    """
    key = trust.code_key(code.kid)
    if key is None:
        raise UnknownIssuer(detail="no key for codes has this kid")
    try:
        public_key = key.public_key
    except BadJws as error:
        raise UnknownIssuer(detail="the listed key cannot be read") from error
    verified = verify(code, public_key, trust.content.deployment)
    if not key.good_at(code.payload.issued_at):
        raise UnknownIssuer(detail="the key was not valid when the code was issued")
    issuer, type_ = trust.issuers.get(code.payload.issuer), trust.types.get(code.payload.type)
    if issuer is None or type_ is None:
        raise UnknownIssuer(detail="issuer or type is not in the trust list")
    return verified, issuer, type_


def _verdict(
    code: CodeA, trust: TrustList, status_lists: Mapping[int, StatusList], now: int
) -> tuple[Verdict, str]:
    fresh = freshness(code, now)
    if fresh is not Verdict.VALID:
        return fresh, ""
    if trust.expired(now):
        return Verdict.STATUS_UNKNOWN, "the trust list is past its end"
    status_list = status_lists.get(code.list)
    if status_list is None:
        return Verdict.STATUS_UNKNOWN, "no copy of the status list"
    if not status_list.usable(now):
        return Verdict.STATUS_UNKNOWN, "the status list is past its limit, or ahead of this clock"
    try:
        return _VERDICTS[status_list.status(code.index)], ""
    except StatusOutOfRange as refusal:
        return Verdict.STATUS_UNKNOWN, refusal.detail
