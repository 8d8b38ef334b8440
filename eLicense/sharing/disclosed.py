"""The answer to a use: what was recorded, opened and masked. Called once the trace is durable."""

from __future__ import annotations

from typing import Any

from eLicense.calendar import rfc3339
from eLicense.catalogue import Matter, Snapshot
from eLicense.licences.masking import field_values, number_seen, seen
from eLicense.licences.sealed import content_of
from eLicense.licences.view import Views, field_forms
from eLicense.ports import Ports
from eLicense.settings import LicenceSettings
from eLicense.sharing.answers import Answer, Held, Outcome
from web import Catalogue

__all__ = ["Disclosed"]


class Disclosed:
    """Builds the answers of ``POST /uses``."""

    def __init__(self, settings: LicenceSettings, ports: Ports, views: Views, texts: Catalogue) -> None:
        self._settings = settings
        self._ports = ports
        self._views = views
        self._texts = texts

    def answer(
        self,
        matter: Matter,
        outcomes: tuple[Outcome, ...],
        business_number: str,
        catalogue: Snapshot,
        now: int,
    ) -> dict[str, Any]:
        """The whole answer."""
        return {
            "matter": {"code": matter.code, "zh": matter.zh, "en": matter.en},
            "business_number": business_number,
            "used_at": rfc3339(now),
            "materials": [self._material(outcome, catalogue, now) for outcome in outcomes],
        }

    def _material(self, outcome: Outcome, catalogue: Snapshot, now: int) -> dict[str, Any]:
        material = outcome.wanted.material
        zh, en = self._texts.pair(f"elicence_next.{outcome.answer}")
        return {
            "code": material.code,
            "zh": material.zh,
            "en": material.en,
            "required": material.required,
            "answer": outcome.answer.value,
            "next_step": None if outcome.answer is Answer.HELD else {"zh": zh, "en": en},
            "licences": [self._licence(held, catalogue, now) for held in outcome.held],
        }

    def _licence(self, held: Held, catalogue: Snapshot, now: int) -> dict[str, Any]:
        names = {field.name for field in held.ask.fields}
        if held.source is not None:
            form = self._from_source(held, names)
        elif held.licence is not None and held.holding is not None:
            _, content = content_of(self._ports.register, held.holding, self._settings.deployment)
            values = field_values(held.ask.type, content.fields)
            # other holders' parts go out only with their own consent
            shown = seen(held.ask.type, values, held.holding.role, names)
            form = self._views.card(held.licence, catalogue, now)
            form["number"] = number_seen(held.ask.type, content.number, shown)
            form["fields"] = field_forms(held.ask.type, values, shown)
        else:
            raise RuntimeError("a held licence has a row or a source")
        return form

    def _from_source(self, held: Held, names: set[str]) -> dict[str, Any]:
        source = self._ports.sources[held.ask.type.source]
        if held.source is None:
            raise RuntimeError("asked for a source's form without its answer")
        form = self._views.from_source(held.ask.type, source, held.source)
        form["fields"] = [field for field in form["fields"] if field["name"] in names]
        # whose it is, is the holder's own affair until a granted field says so
        del form["holders"], form["number"]
        return form
