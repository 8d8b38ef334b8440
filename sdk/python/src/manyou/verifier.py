"""A verifier that checks online where it can and offline where it must.

Online, the library knows spending, every state and what the verifier may see. Without an answer, the lists
that ``refresh`` fetched decide: a verdict then tells no more than ``manyou.offline`` can, spends nothing, and
is ``status_unknown`` once the lists are too old.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from manyou import status
from manyou.codes import Verdict
from manyou.errors import Unavailable
from manyou.hall import LicenceLibrary
from manyou.offline import OfflineVerdict, verify_offline
from manyou.status import StatusList
from manyou.trust import Pin, TrustList

__all__ = ["Checked", "Verifier"]


@dataclass(frozen=True, slots=True)
class Checked:
    """A verdict, and what stands behind it: the library's answer, or the offline finding."""

    verdict: Verdict
    answer: Mapping[str, Any] | None = None
    """Of ``POST /codes/check``; None offline."""
    offline: OfflineVerdict | None = None

    @property
    def valid(self) -> bool:
        """Whether the code may be accepted."""
        return self.verdict is Verdict.VALID

    @property
    def online(self) -> bool:
        """Whether the library itself said so."""
        return self.answer is not None


class Verifier:
    """One verifier with its copies of the lists."""

    def __init__(self, library: LicenceLibrary, pin: Pin, clock: Callable[[], int]) -> None:
        """``pin``: anchors and deployment, got by another way than the network; ``clock``: unix seconds."""
        self._library = library
        self._pin = pin
        self._clock = clock
        self._trust: TrustList | None = None
        self._lists: dict[int, StatusList] = {}

    @property
    def pin(self) -> Pin:
        """What to keep over a restart, so that no older list is ever taken again."""
        return self._pin

    def refresh(self) -> None:
        """Fetch the trust list and every status list; to be called at least as often as their ``ttl`` says.

        Raises:
            TrustListRefused, StatusListRefused: not genuine, or older than seen; the copies stay as is.
            Unavailable: the library does not answer; likewise.

        """
        trust = self._pin.verify(self._library.trust_list(), self._clock())
        lists = {
            number: status.verify(
                self._library.status_list(number), number, trust, self._clock(), self._lists.get(number)
            )
            for number in trust.status_lists
        }
        self._trust, self._lists, self._pin = trust, lists, trust.pin

    def check(
        self, text: str, access_token: str | None = None, *, purpose: str = "", business_number: str = ""
    ) -> Checked:
        """The verdict on a scanned text; ``access_token`` of scope ``check`` for a registered verifier.

        Raises:
            Problem: the library refused to answer this verifier, which no offline check may hide.

        """
        try:
            answer = self._library.check(text, access_token, purpose=purpose, business_number=business_number)
        except Unavailable:
            return self.check_offline(text)
        said = answer.get("verdict") if isinstance(answer, dict) else None
        known = next((verdict for verdict in Verdict if verdict == said), Verdict.STATUS_UNKNOWN)
        return Checked(known, answer)

    def check_offline(self, text: str) -> Checked:
        """The verdict by the copies alone."""
        if self._trust is None:
            return Checked(Verdict.STATUS_UNKNOWN)
        found = verify_offline(text, self._trust, self._lists, self._clock())
        return Checked(found.verdict, offline=found)
