"""What a person, or an operator in front of one, does to an account: each use case one work."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from idp.errors import FactorAlreadyBound, FlowEnded, LoginRefused, NoSuchHolder, NoSuchSession, TryLater
from idp.events import (
    AccountActivated,
    FactorBound,
    FactorRemoved,
    LevelRaised,
    SessionsEnded,
    event,
    new_id,
)
from idp.factors import attempts, records, totp
from idp.factors.activation import spend_flow
from idp.factors.one_time_code import LABEL, typed_code
from idp.people import records as people
from idp.people.person import PersonState
from idp.people.records import EvidenceRow
from idp.sessions import records as sessions
from idp.sessions.ending import end, end_all
from ledger import append

if TYPE_CHECKING:
    from holders import Register
    from idp.factors.activation import Flow
    from idp.factors.password import Passwords
    from idp.people.facts import Facts
    from idp.sessions.session import Session
    from store import Durable, Tx

__all__ = ["Accounts", "Listed"]


@dataclass(frozen=True, slots=True)
class Listed:
    """A session as its owner sees it."""

    handle: str
    """Names it on the page; it opens nothing."""
    device: str
    acting_for: bytes | None
    started: int
    touched: int
    current: bool


@dataclass(frozen=True, slots=True)
class Accounts:
    """Passwords, one-time codes, evidence and sessions of accounts."""

    durable: Durable
    register: Register
    facts: Facts
    passwords: Passwords

    def activate(self, flow: Flow, password: str, now: int) -> None:
        """Set the password after the phone on file answered; counters begin anew and every session ends.

        Raises:
            PasswordRefused: choose another.
            FlowEnded: the proof has ended, was used, or the person may not have an account any more.

        """
        if not flow.proved or now >= flow.ends:
            raise FlowEnded
        hash_ = self._hash(flow.holder, password, now)
        ids = [new_id(now) for _ in range(2)]

        def work(tx: Tx) -> bool:
            person = people.person(tx, flow.holder)
            if person is None or person.state != PersonState.ENABLED or not spend_flow(tx, flow, now):
                return False
            again = records.bound(tx, flow.holder).hash is not None
            records.set_password(tx, flow.holder, hash_, now)
            attempts.rebind(tx, attempts.PASSWORD, flow.holder)
            people.save_evidence(tx, EvidenceRow(flow.holder, 1, "registry", now, 0))
            people.save_evidence(tx, EvidenceRow(flow.holder, 2, "phone_on_file", now, 0))
            end_all(tx, flow.holder, "password_changed", now, ids[0])
            body = AccountActivated(again=again)
            append(tx, event(body, id=ids[1], at=now, holder_key=flow.holder, actor="person"))
            return True

        if not self.durable.write(work):
            raise FlowEnded

    def bind_password(self, holder_key: bytes, password: str, *, channel: str, now: int) -> None:
        """Set a password by an operator's hand (a counter, the demo's seed); ends every session.

        Raises:
            PasswordRefused, NoSuchHolder.

        """
        hash_ = self._hash(holder_key, password, now)
        ids = new_id(now), new_id(now)

        def work(tx: Tx) -> None:
            records.set_password(tx, holder_key, hash_, now)
            attempts.rebind(tx, attempts.PASSWORD, holder_key)
            end_all(tx, holder_key, "password_changed", now, ids[0])
            body = FactorBound(method="pwd", channel=channel)
            append(tx, event(body, id=ids[1], at=now, holder_key=holder_key, actor="operator"))

        self.durable.write(work)

    def attest(self, holder_key: bytes, level: int, *, channel: str, now: int, ends: int = 0) -> None:
        """Record evidence for a real-name level: ``seen_by_clerk`` gives 3; ``ends`` 0 is without end."""
        id_ = new_id(now)

        def work(tx: Tx) -> None:
            people.save_evidence(tx, EvidenceRow(holder_key, level, channel, now, ends))
            body = LevelRaised(level=level, channel=channel)
            append(tx, event(body, id=id_, at=now, holder_key=holder_key, actor="operator"))

        self.durable.write(work)

    def change_password(self, session: Session, current: str, new: str, *, place: bytes, now: int) -> None:
        """Change one's own password; the other sessions end.

        Raises:
            TryLater, LoginRefused: the present password was not right, or may not be tried now.
            PasswordRefused: choose another.

        """
        self.confirm(session, current, place=place, now=now)
        hash_ = self._hash(session.holder_key, new, now)
        ids = new_id(now), new_id(now)

        def work(tx: Tx) -> None:
            records.set_password(tx, session.holder_key, hash_, now)
            end_all(tx, session.holder_key, "password_changed", now, ids[0], keep=session.id)
            body = FactorBound(method="pwd", channel="account_page")
            append(tx, event(body, id=ids[1], at=now, holder_key=session.holder_key, actor="person"))

        self.durable.write(work)

    def confirm(self, session: Session, password: str, *, place: bytes, now: int) -> None:
        """Ask for the password once more before something grave; counted like a login.

        Raises:
            TryLater: no try may be made now.
            LoginRefused: not right.

        """
        holder = session.holder_key

        def claim(tx: Tx) -> tuple[attempts.Claim, records.Bound]:
            return (
                attempts.claim(tx, attempts.PASSWORD, holder, place, now, known=True),
                records.bound(tx, holder),
            )

        with self.passwords.room():
            claimed, bound = self.durable.write(claim)
            if not claimed.granted:
                raise TryLater(retry_after=claimed.wait)
            if not self.passwords.verify(bound.hash, password):
                raise LoginRefused
        self.durable.write(lambda tx: attempts.clear(tx, attempts.PASSWORD, holder, place, now))

    def has_totp(self, holder_key: bytes) -> bool:
        """Whether one-time codes are bound."""
        return self.durable.read(lambda tx: records.bound(tx, holder_key)).totp_secret is not None

    def new_totp_secret(self) -> bytes:
        """A secret to be shown to its owner; nothing is bound before a code of it comes back."""
        return secrets.token_bytes(totp.SECRET_BYTES)

    def bind_totp(self, holder_key: bytes, secret: bytes, code: str, now: int, *, channel: str) -> bool:
        """Bind one-time codes once a code shows that the app has the secret; False where it is not right.

        Raises:
            FactorAlreadyBound: remove the other one first.

        """
        step = totp.matching_step(secret, typed_code(code), now)
        if step is None:
            return False
        sealed = self.register.fields(holder_key).seal(LABEL, secret.hex())
        id_ = new_id(now)

        def work(tx: Tx) -> bool:
            if not records.bind_totp(tx, holder_key, sealed, step, now):
                return False
            attempts.rebind(tx, attempts.OTP, holder_key)
            body = FactorBound(method="otp", channel=channel)
            append(tx, event(body, id=id_, at=now, holder_key=holder_key, actor="person"))
            return True

        if not self.durable.write(work):
            raise FactorAlreadyBound
        return True

    def place_totp(self, holder_key: bytes, secret: bytes, *, channel: str, now: int) -> bool:
        """Bind one-time codes by an operator's hand (a token, the demo's seed); False where bound."""
        sealed = self.register.fields(holder_key).seal(LABEL, secret.hex())
        id_ = new_id(now)

        def work(tx: Tx) -> bool:
            if not records.bind_totp(tx, holder_key, sealed, 0, now):
                return False
            body = FactorBound(method="otp", channel=channel)
            append(tx, event(body, id=id_, at=now, holder_key=holder_key, actor="operator"))
            return True

        return self.durable.write(work)

    def remove_totp(self, holder_key: bytes, now: int, *, actor: str = "person") -> bool:
        """Remove one-time codes; False where there were none. The page asks for the password first."""
        id_ = new_id(now)

        def work(tx: Tx) -> bool:
            if not records.remove_totp(tx, holder_key):
                return False
            attempts.rebind(tx, attempts.OTP, holder_key)
            append(tx, event(FactorRemoved(method="otp"), id=id_, at=now, holder_key=holder_key, actor=actor))
            return True

        return self.durable.write(work)

    def sessions(self, mine: Session, now: int) -> list[Listed]:
        """The person's living sessions, latest used first."""
        rows = self.durable.read(lambda tx: sessions.of_person(tx, mine.holder_key, now))
        return [
            Listed(each.id.hex(), device, each.acting_for, each.started, touched, current=each.id == mine.id)
            for each, device, touched in rows
        ]

    def end_session(self, mine: Session, handle: str, now: int, *, why: str = "by_user") -> None:
        """End one of the person's own sessions.

        Raises:
            NoSuchSession: none of theirs has that handle, or it has ended.

        """
        rows = self.durable.read(lambda tx: sessions.of_person(tx, mine.holder_key, now))
        found = next((each for each, _, _ in rows if each.id.hex() == handle), None)
        if found is None or not self.end(found, why, now):
            raise NoSuchSession

    def end(self, session: Session, why: str, now: int) -> bool:
        """End a session; False where it had ended."""
        body = SessionsEnded(sessions=[session.id.hex()], why=why)
        happened = event(body, id=new_id(now), at=now, holder_key=session.subject, actor="person")
        return self.durable.write(lambda tx: end(tx, session.id, why, now, happened))

    def _hash(self, holder_key: bytes, password: str, now: int) -> str:
        person = self.facts.person(holder_key, now)
        if person is None:
            raise NoSuchHolder
        self.passwords.judge(password, number=person.number)
        with self.passwords.room():
            return self.passwords.hash(password)
