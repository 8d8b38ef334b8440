"""The verifier: anybody scans a code, sees a button, and by pressing it a verdict.

1. Opening ``/V/‹digits›`` changes nothing: link previews and security scanners open addresses too.
2. The button's POST asks the library as the anonymous public: nothing is spent, nobody is named.
3. The verdict is shown from the library's data alone, never from the screen that was scanned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from manyou.codes import LEAST_DIGITS, MOST_CHARACTERS, CodeRefused, Verdict
from portal import shown
from portal.shown import FieldShown, Words

if TYPE_CHECKING:
    from manyou.hall import Hall
    from portal.login import Handle
    from web import Call, Pages, Reply

__all__ = ["VerdictShown", "check", "form", "opened", "verdict"]

_GOOD: Final = frozenset({Verdict.VALID})
_WARN: Final = frozenset(
    {
        Verdict.CODE_EXPIRED,
        Verdict.CLOCK_DIFFERS,
        Verdict.SUSPENDED,
        Verdict.STATUS_UNKNOWN,
        Verdict.UNREADABLE,
    }
)


@dataclass(frozen=True, slots=True)
class VerdictShown:
    """A verdict as the page shows it."""

    code: str
    """A key of the catalogue's sections ``verdict_word`` and ``verdict_means``."""
    type: Words
    issuer: Words
    valid_from: str
    valid_until: str
    holder: str
    """The whole name, where the law publishes it."""
    holder_shown: str
    """What the code itself says: a person's masked name, an organisation's USCC."""
    organisation: bool
    fields: tuple[FieldShown, ...]
    checked_at: str
    used_at: str
    """When another verifier used the code."""

    @property
    def tone(self) -> str:
        """The colour beside word and icon."""
        if self.code in _GOOD:
            return "good"
        return "warn" if self.code in _WARN else "bad"

    @property
    def icon(self) -> str:
        """The sign beside colour and word."""
        return {"good": "✓", "warn": "!", "bad": "✕"}[self.tone]


def form(pages: Pages) -> Handle:
    """Where a code is typed or pasted."""
    return lambda call: pages.page(call, "portal/verify.html", digits="")


def opened(pages: Pages) -> Handle:
    """What a phone's camera opens: a button, nothing else."""

    def handle(call: Call) -> Reply:
        digits = call.args["digits"]
        readable = digits.isascii() and digits.isdigit() and LEAST_DIGITS <= len(digits) <= MOST_CHARACTERS
        return pages.page(call, "portal/verify.html", digits=digits if readable else "")

    return handle


def check(hall: Hall, pages: Pages) -> Handle:
    """The verdict. An unreadable code is a verdict too, no error."""

    def handle(call: Call) -> Reply:
        text = "".join((call.form.get("code") or call.args.get("digits", "")).split())
        try:
            answer = (
                hall.licences.check(text) if 0 < len(text) <= MOST_CHARACTERS else {"verdict": "unreadable"}
            )
        except CodeRefused as refused:
            answer = {"verdict": refused.code}
        return pages.page(call, "portal/verdict.html", verdict=verdict(answer, call.now))

    return handle


def verdict(answer: dict[str, Any], now: int) -> VerdictShown:
    """The library's answer as the page shows it; a verdict that it does not know is never shown as valid."""
    code = answer.get("verdict")
    licence, holder = answer.get("licence") or {}, answer.get("holder") or {}
    return VerdictShown(
        code=code if code in tuple(Verdict) else Verdict.STATUS_UNKNOWN,
        type=shown.words(licence.get("type")),
        issuer=shown.words(licence.get("issuer")),
        valid_from=str(licence.get("valid_from") or ""),
        valid_until=str(licence.get("valid_until") or ""),
        holder=str(holder.get("name") or ""),
        holder_shown=str(holder.get("shown") or ""),
        organisation=holder.get("kind") == "organisation",
        fields=shown.fields(answer),
        checked_at=shown.moment(now),
        used_at=shown.moment(answer.get("used_at")),
    )
