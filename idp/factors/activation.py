"""Activation: name, number, and the code that goes to the phone on file.

Nobody becomes somebody by knowing a name and a number. The code goes to the phone that the registry has,
never to one that the caller names; who has none, goes to a counter. Whether a record matches shows in no
answer: whoever does not match gets a decoy with the same rows, the same page, a cookie of the same length,
and a tail of digits that is always the same for that number and name. It depends on the name too: else all
wrong names would share one tail, and the name with another tail would be the right one.

begun (a browser's sealed flow) → code from the phone → proved (the flow, again sealed) → password.
"""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

import msgspec

from holders import records as holder_records
from idp.events import new_id
from idp.factors import attempts, phone_code
from idp.factors.outbox import Message, sealed_message
from idp.factors.phone_code import PhoneCode
from idp.people import records
from idp.people.facts import opened
from idp.people.person import PersonState
from manyou.identifiers import NameMatch, compare_names, fold_name
from store import Marker, spend

if TYPE_CHECKING:
    from collections.abc import Callable

    from holders import Fields, Register
    from idp.factors.decoy import Decoy
    from idp.factors.settings import ActivationSettings
    from idp.people.naming import Naming
    from idp.people.person import PersonFacts
    from keys import Keys
    from store import Durable, Tx

__all__ = ["Activation", "Flow", "Verdict", "spend_flow"]

PROVED_SECONDS: Final = 900
"""From the right code to the password."""
NOBODY: Final = bytes(16)
"""As long as a holder's key: the length of a sealed cookie shows the length of what is in it."""
_KIND: Final = "activation"
NAME_MOST: Final = 200


class Flow(msgspec.Struct, frozen=True):
    """What a browser began; it travels sealed in a cookie of that browser."""

    id: bytes
    owner: bytes
    """Whose codes may be tried: holder and phone together, so that a corrected phone begins anew."""
    holder: bytes
    """The holder's key; ``NOBODY`` for a decoy."""
    tail: str
    """The last two digits of the phone on file, or of none."""
    ends: int
    proved: bool = False


class Verdict(Enum):
    """What became of a typed code."""

    RIGHT = "right"
    WRONG = "wrong"
    CLOSED = "closed"
    """This browser's five tries are used: it has to begin again."""


@dataclass(frozen=True, slots=True)
class Activation:
    """The steps up to the proof; the password is set by ``idp.sessions.accounts``."""

    durable: Durable
    register: Register
    keys: Keys
    naming: Naming
    decoy: Decoy
    settings: ActivationSettings

    def begin(self, name: str, typed: str, now: int) -> Flow:
        """Offer a code to the phone on file, if there is a record of that name and number and it has one."""
        named = self.naming.of(typed)
        # what follows is asked for a stand-in too, so that both cost the same
        person = self._person(lambda tx: named.holder(tx, now) or named.stand_in)
        mobile = person.mobile if _matches(person, name) else None
        if mobile is None:
            owner, holder, tail = named.stand_in, NOBODY, self._decoy_tail(named.stand_in, name)
        else:
            owner, holder, tail = self._owner(person.holder_key, mobile), person.holder_key, mobile[-2:]
        code = self._code(owner, mobile or "", now)
        self.durable.write(lambda tx: phone_code.offer(tx, code, now))
        return Flow(secrets.token_bytes(16), owner, holder, tail, now + self.settings.flow_seconds)

    def check(self, flow: Flow, typed: str, now: int) -> Verdict:
        """Try a typed code; counted before it is looked at, in the same work."""
        digits = "".join(each for each in unicodedata.normalize("NFKC", typed[:64]) if not each.isspace())
        digest = self._digest(flow.owner, digits.replace("-", ""))

        def work(tx: Tx) -> Verdict:
            place = attempts.STRANGER
            mine = attempts.claim(tx, attempts.PHONE_CODE_FLOW, flow.id, place, now, known=False)
            if not mine.granted:
                return Verdict.CLOSED
            day = attempts.claim(tx, attempts.PHONE_CODE_ACCOUNT, flow.owner, place, now, known=False)
            if not day.granted:
                return Verdict.CLOSED
            right = phone_code.redeem(tx, flow.owner, digest, now)
            # the code that a phone got is worth nothing once the registry has another one
            return Verdict.RIGHT if right and current else Verdict.WRONG

        if now >= flow.ends or flow.proved:
            return Verdict.CLOSED
        person = self._person(lambda _tx: flow.holder)
        current = person.mobile is not None and self._owner(flow.holder, person.mobile) == flow.owner
        return self.durable.write(work)

    def proved(self, flow: Flow, now: int) -> Flow:
        """The flow after the right code: good for setting one password, soon."""
        return msgspec.structs.replace(flow, proved=True, ends=now + PROVED_SECONDS)

    def _person(self, key_of: Callable[[Tx], bytes]) -> PersonFacts:
        """The person of a key, opened; somebody who is nobody where there is none, in the same time."""

        def look(tx: Tx) -> tuple[records.PersonRow, Fields] | None:
            key = key_of(tx)
            row = records.person(tx, key)
            if row is None:
                holder_records.holder(tx, key)
                return None
            return row, self.register.fields_in(tx, key)

        found = self.durable.read(look)
        return opened(found[1], found[0], 0) if found else self.decoy.open(self.register)

    def _owner(self, holder: bytes, mobile: str) -> bytes:
        return self.keys.mac("phone-code-owner", holder + mobile.encode())[: len(holder)]

    def _code(self, owner: bytes, mobile: str, now: int) -> PhoneCode:
        digits = str(secrets.randbelow(10**phone_code.DIGITS)).zfill(phone_code.DIGITS)
        text = (
            f"【漫游】验证码 {digits}，用于激活统一身份账户或重设密码。请勿告诉任何人。"
            f" Manyou code {digits}: activates your account. Tell nobody."
        )
        message = sealed_message(self.keys, Message(mobile, text))
        return PhoneCode(owner, self._digest(owner, digits), message, new_id(now))

    def _decoy_tail(self, stand_in: bytes, name: str) -> str:
        """Two digits: one tail for all writings of a name that count as the same."""
        folded = fold_name(name[:NAME_MOST]).encode("utf-8", "replace")
        return f"{int.from_bytes(self.keys.mac('phone-tail', stand_in + folded)[:4]) % 100:02d}"

    def _digest(self, owner: bytes, digits: str) -> bytes:
        return self.keys.mac("phone-code", owner + digits.encode("utf-8", "replace"))


def spend_flow(tx: Tx, flow: Flow, now: int) -> bool:
    """Use a proved flow, once: one code sets one password."""
    if not flow.proved or flow.holder == NOBODY or now >= flow.ends:
        return False
    marker = Marker(
        owner=flow.holder, kind=_KIND, value=flow.id, ends=flow.ends, by=flow.holder, at=now, ref=b""
    )
    return spend(tx, marker).won


def _matches(person: PersonFacts, name: str) -> bool:
    same = compare_names(person.name, name[:NAME_MOST]) is NameMatch.SAME
    return person.state is PersonState.ENABLED and same
