"""What the pages show, read out of the library's answers in one place. Pure.

A member that a newer library adds is ignored; one that an older lacks shows as empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Final

__all__ = [
    "Card",
    "FieldShown",
    "HolderShown",
    "Licence",
    "Use",
    "Words",
    "card",
    "fields",
    "licence",
    "moment",
    "seconds",
    "use",
    "words",
]

_CHINA: Final = timezone(timedelta(hours=8))
_TONES: Final = {"valid": "good", "as_answered": "good", "suspended": "warn", "source_down": "warn"}
_GONE: Final = frozenset({"withdrawn", "cancelled", "expired", "transferred_out", "revoked", "superseded"})
STATES: Final = _GONE | frozenset(_TONES)


@dataclass(frozen=True, slots=True)
class Words:
    """A text in both languages."""

    zh: str
    en: str


NOTHING: Final = Words("", "")


@dataclass(frozen=True, slots=True)
class Card:
    """A licence in the list."""

    id: str
    type: Words
    issuer: Words
    identifier: str
    state: str
    """A key of the catalogue's section ``licence_state``."""
    valid_from: str
    valid_until: str
    """Days; empty: without end, or not told."""
    showable: bool
    """Whether it can be shown by a code."""

    @property
    def tone(self) -> str:
        """``good``, ``warn`` or ``bad``: the colour beside the word."""
        return _TONES.get(self.state, "bad")

    @property
    def ended(self) -> bool:
        """It is over for good."""
        return self.state in _GONE


@dataclass(frozen=True, slots=True)
class HolderShown:
    """One holder; another's name and number come masked from the library."""

    role: Words
    name: str
    number: str
    share: str
    organisation: bool
    own: bool


@dataclass(frozen=True, slots=True)
class FieldShown:
    """One field."""

    name: Words
    value: str
    masked: bool


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence on its own page."""

    card: Card
    number: str
    holders: tuple[HolderShown, ...]
    fields: tuple[FieldShown, ...]
    source: Words
    """Who answered for a source-backed licence; empty for ours."""
    answered_at: str


@dataclass(frozen=True, slots=True)
class Use:
    """One line of the trace."""

    at: str
    event: str
    """A key of the catalogue's section ``trace_event``."""
    refused: bool
    who: Words
    anonymous: bool
    type: Words
    matter: Words
    purpose: str
    business_number: str
    state: str
    """The state that a change led to; a key of the section ``licence_state``."""
    reason: str
    """Why a use was refused; the stable code."""
    verdict: str
    fields: tuple[Words, ...]


def moment(value: Any) -> str:
    """Unix seconds, or RFC 3339, as the clock on the wall in China shows it; empty for anything else."""
    try:
        if isinstance(value, int):
            time = datetime.fromtimestamp(value, _CHINA)
        else:
            time = datetime.fromisoformat(str(value)).astimezone(_CHINA)
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{time:%Y-%m-%d %H:%M:%S}"


def seconds(value: Any) -> int:
    """Unix seconds of unix seconds or RFC 3339; 0 for anything else."""
    if isinstance(value, int):
        return value
    try:
        return int(datetime.fromisoformat(str(value)).timestamp())
    except ValueError:
        return 0


def card(form: dict[str, Any]) -> Card:
    """A card out of ``GET /file``."""
    state = _state(form, "state")
    return Card(
        id=_text(form, "licence_id"),
        type=words(form.get("type")),
        issuer=words(form.get("issuer")),
        identifier=_text(form, "identifier"),
        state=state,
        valid_from=_text(form, "valid_from"),
        valid_until=_text(form, "valid_until"),
        showable=state == "valid" and form.get("origin") == "issued_here",
    )


def licence(form: dict[str, Any]) -> Licence:
    """A licence out of ``GET /file/‹licence_id›``."""
    source = form.get("as_answered_by") or {}
    return Licence(
        card=card(form),
        number=_text(form, "number"),
        holders=tuple(
            HolderShown(
                role=words(each.get("role")),
                name=_text(each, "name"),
                number=_text(each, "number"),
                share=_text(each, "share"),
                organisation=each.get("kind") == "organisation",
                own=each.get("you") is True,
            )
            for each in form.get("holders", ())
        ),
        fields=fields(form),
        source=words(source),
        answered_at=moment(source.get("at")),
    )


def fields(form: dict[str, Any]) -> tuple[FieldShown, ...]:
    """The fields in an answer, in its order."""
    return tuple(
        FieldShown(words(each), _text(each, "value"), each.get("masked") is True)
        for each in form.get("fields", ())
    )


def use(form: dict[str, Any]) -> Use:
    """An event out of ``GET /trace``."""
    details, actor, client = form.get("details") or {}, form.get("actor") or {}, form.get("client") or {}
    event = _text(form, "event").removeprefix("licence.")
    name = _text(client, "name") or _text(client, "client_id")
    who = Words(name, name) if name else words(actor)
    return Use(
        at=moment(form.get("at")),
        event=event if event in {"issued", "changed", "used", "use_refused", "checked"} else "other",
        refused=event == "use_refused",
        who=who,
        anonymous=not who.zh,
        type=words(form.get("type")),
        matter=words(form.get("matter")),
        purpose=_text(details, "purpose"),
        business_number=_text(details, "business_number"),
        state=_state(details, "to_state") if event == "changed" else "",
        reason=_text(details, "reason") if event == "use_refused" else "",
        verdict=_text(details, "verdict"),
        fields=tuple(words(each) for each in form.get("fields", ())),
    )


def words(form: Any) -> Words:
    """The members ``zh`` and ``en``."""
    if not isinstance(form, dict):
        return NOTHING
    zh = _text(form, "zh")
    return Words(zh, _text(form, "en") or zh)


def _state(form: dict[str, Any], name: str) -> str:
    state = _text(form, name)
    return state if state in STATES else "unknown"


def _text(form: dict[str, Any], name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""
