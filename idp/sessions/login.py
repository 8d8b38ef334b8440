"""Logging in: number and password, then a one-time code where the account has that, then a session.

Every refusal is one answer in the same time: an unknown number is counted, delayed and hashed for like a
known one, and so are a person who is not enabled and one who holds no office in the organisation that was
named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from idp.errors import LoginRefused
from idp.factors import attempts, records
from idp.factors.records import Bound
from idp.people import records as people
from idp.people.person import LEVEL_FOR_ORGANISATION, PersonState
from idp.sessions.single_sign_on import Proved

if TYPE_CHECKING:
    from idp.factors.attempts import Claim
    from idp.factors.one_time_code import OneTimeCodes
    from idp.factors.password import Passwords
    from idp.people.naming import Named, Naming
    from idp.sessions.known_browser import KnownBrowsers
    from idp.sessions.session import Session
    from idp.sessions.single_sign_on import SingleSignOn
    from store import Durable, Tx
    from web import Call

__all__ = ["SECOND_STEP_SECONDS", "FirstFactor", "Login", "NeedsCode", "Refused", "Welcome"]

SECOND_STEP_SECONDS: Final = 300


class FirstFactor(msgspec.Struct, frozen=True):
    """A right password, waiting for the one-time code: sealed in the browser's cookie, no session."""

    holder: bytes
    acting_for: bytes
    office: str
    proved_at: int


@dataclass(frozen=True, slots=True)
class Welcome:
    """A session began; the headers bring its cookies."""

    session: Session
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class NeedsCode:
    """The password is right, one-time codes are on; ``refused`` where one was typed and is not right."""

    first: FirstFactor
    refused: Refused | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Not let in. ``wait``: seconds until the next try counts; ``closed``: waiting does not help."""

    wait: int
    closed: bool

    @classmethod
    def of(cls, claim: Claim) -> Refused:
        """What the counter says of the next try."""
        return cls(claim.wait, claim.closed)


@dataclass(frozen=True, slots=True)
class _Account:
    """What is known of a typed number; nothing but ``owner`` where nobody has it."""

    owner: bytes
    holder: bytes | None
    bound: Bound
    acting_for: bytes | None
    office: str | None
    allowed: bool
    """Enabled, and holding an office where an organisation was named."""


@dataclass(frozen=True, slots=True)
class Login:
    """The use case; pages only show what it answers."""

    durable: Durable
    naming: Naming
    passwords: Passwords
    codes: OneTimeCodes
    browsers: KnownBrowsers
    sso: SingleSignOn

    def first_step(
        self, call: Call, typed: str, password: str, *, code: str | None, organisation: str | None = None
    ) -> Welcome | NeedsCode | Refused:
        """Number and password, and the code if it was typed on the same form.

        Args:
            call: the browser's request.
            typed: the person's number as typed.
            password: as typed.
            code: a one-time code, if the form had one.
            organisation: the unified social credit code of whom the person acts for.

        Raises:
            HashingBusy: too many passwords wait to be checked.

        """
        now = call.now
        named = self.naming.of(typed)
        company = self.naming.of(organisation) if organisation is not None else None
        account = self.durable.read(lambda tx: _account(tx, named, company, now))
        place = self.browsers.place(call, account.holder)
        known = account.holder is not None
        with self.passwords.room(stranger=place == attempts.STRANGER):
            claim = self.durable.write(
                lambda tx: attempts.claim(tx, attempts.PASSWORD, account.owner, place, now, known=known)
            )
            right = claim.granted and self.passwords.verify(account.bound.hash, password)
        if not right or not account.allowed or account.holder is None:
            return Refused.of(claim)
        first = FirstFactor(account.holder, account.acting_for or b"", account.office or "", now)
        if account.bound.totp_secret is None:
            return self._begin(call, first, {"pwd": now}, place, Refused.of(claim))
        if code is None:
            self.durable.write(lambda tx: attempts.clear(tx, attempts.PASSWORD, account.owner, place, now))
            return NeedsCode(first)
        return self.second_step(call, first, code)

    def second_step(self, call: Call, first: FirstFactor, code: str) -> Welcome | NeedsCode | Refused:
        """The one-time code of the very person whose password was right in this browser."""
        now, holder = call.now, first.holder
        bound = self.durable.read(lambda tx: records.bound(tx, holder))
        if bound.totp_secret is None:
            return Refused(0, closed=False)
        place = self.browsers.place(call, holder)
        step = self.codes.step(holder, bound.totp_secret, code, now)
        right, claim = self.durable.write(lambda tx: self.codes.use(tx, holder, place, step, now))
        if not right:
            return NeedsCode(first, Refused.of(claim))
        return self._begin(call, first, {"pwd": first.proved_at, "otp": now}, place, Refused(0, closed=False))

    def _begin(
        self, call: Call, first: FirstFactor, factors: dict[str, int], place: bytes, otherwise: Refused
    ) -> Welcome | Refused:
        proved = Proved(first.holder, first.acting_for or None, first.office or None, factors)
        start = self.sso.prepare(call, proved)

        def work(tx: Tx) -> Session:
            if not records.password_unchanged(tx, first.holder, first.proved_at):
                raise LoginRefused(detail="password changed meanwhile")
            attempts.clear(tx, attempts.PASSWORD, first.holder, place, call.now)
            return self.sso.start(tx, start)

        try:
            session = self.durable.write(work)
        except LoginRefused:
            return otherwise
        return Welcome(session, (start.set_cookie, self.browsers.remember(call, first.holder)))


def _account(tx: Tx, named: Named, company: Named | None, now: int) -> _Account:
    holder = named.holder(tx, now)
    someone = holder or named.stand_in  # the same statements for a number that nobody has
    row = people.person(tx, someone)
    bound = records.bound(tx, someone)
    allowed = row is not None and row.state == PersonState.ENABLED
    acting_for = office = None
    if company is not None:
        acting_for = company.holder(tx, now)
        offices = people.offices_between(tx, acting_for or company.stand_in, someone, now)
        office = offices[0].role if offices else None
        allowed = allowed and office is not None and people.level(tx, someone, now) >= LEVEL_FOR_ORGANISATION
    return _Account(someone, holder, bound, acting_for, office, allowed)
