"""Does this person hold it? One of five answers for a material, with the clerk's next step. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from eLicense.calendar import day_of
from eLicense.catalogue import Matter, Snapshot
from eLicense.licences.licence import Holding, Licence
from eLicense.licences.states import State
from eLicense.ports import SourceAnswer
from eLicense.sharing.disclosure import Ask, Wanted

__all__ = ["Answer", "Held", "Outcome", "answer_for"]

_TRUSTED: Final = frozenset("ABC")
"""D, a scan that nobody checked, is not enough by itself."""


class Answer(StrEnum):
    """What is told to the clerk."""

    HELD = "held"
    HELD_LOW_TRUST = "held_low_trust"
    NONE_COMPLETE = "none_complete"
    NONE_INCOMPLETE = "none_incomplete"
    SOURCE_DOWN = "source_down"
    NOT_GRANTED = "not_granted"


@dataclass(frozen=True, slots=True)
class Held:
    """A licence that answers a material: its row and the asker's copy, or what a source said."""

    ask: Ask
    licence: Licence | None = None
    holding: Holding | None = None
    source: SourceAnswer | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A material with its answer, and the licences that go with it."""

    wanted: Wanted
    answer: Answer
    held: tuple[Held, ...] = ()


def answer_for(
    material: Wanted,
    matter: Matter,
    catalogue: Snapshot,
    file: list[tuple[Licence, Holding]],
    sources: dict[str, SourceAnswer | None],
    now: int,
) -> Outcome:
    """The answer for one material.

    Args:
        material: what is wanted and granted.
        matter: for its region.
        catalogue: for coverage.
        file: the holder's licences issued here, as the work has read them.
        sources: type code → what the source said, None where it has none; a type that is missing is down.
        now: unix seconds.

    """
    if not material.asks:
        return Outcome(material, Answer.NOT_GRANTED)
    held: list[Held] = []
    down = False
    for ask in material.asks:
        if ask.type.origin == "source_backed":
            said = sources.get(ask.type.code)
            down = down or ask.type.code not in sources
            held += [Held(ask, source=said)] if said else []
            continue
        held += [
            Held(ask, licence, holding)
            for licence, holding in file
            if licence.type == ask.type.code and licence.state(now) is State.VALID
        ]
    if held:
        trusted = any(each.licence is None or each.licence.trust in _TRUSTED for each in held)
        return Outcome(material, Answer.HELD if trusted else Answer.HELD_LOW_TRUST, tuple(held))
    if down:
        return Outcome(material, Answer.SOURCE_DOWN)
    complete = all(
        ask.type.origin == "source_backed" or catalogue.complete(ask.type.code, matter.region, day_of(now))
        for ask in material.asks
    )
    return Outcome(material, Answer.NONE_COMPLETE if complete else Answer.NONE_INCOMPLETE)
