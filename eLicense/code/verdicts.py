"""Findings as answers: reason code, sentence in both languages, and exactly what the finding lets be seen."""

from __future__ import annotations

from typing import Any

from eLicense.calendar import DAY, day_of, rfc3339
from eLicense.catalogue import LicenceType, Snapshot
from eLicense.code.finding import Finding
from eLicense.code.minting import shown_holder
from eLicense.licences.licence import Holding, Label
from eLicense.licences.masking import field_values, number_seen, seen
from eLicense.licences.sealed import content_of, label_of
from eLicense.licences.view import field_forms, issuer_name, type_name
from eLicense.ports import Ports
from eLicense.settings import LicenceSettings
from manyou.codes import CodeA, Verdict
from manyou.identifiers import Uscc
from web import Catalogue

__all__ = ["Verdicts"]

_NOT_SHOWN = frozenset({Verdict.UNKNOWN_ISSUER, Verdict.STATUS_UNKNOWN})


class Verdicts:
    """Builds the answers of ``POST /codes/check``."""

    def __init__(self, settings: LicenceSettings, ports: Ports, texts: Catalogue) -> None:
        self._settings = settings
        self._ports = ports
        self._texts = texts

    def refused(self, verdict: Verdict, now: int) -> dict[str, Any]:
        """An answer about the code alone: nothing of any licence."""
        zh, en = self._texts.pair(f"elicence_verdict.{verdict}")
        return {
            "verdict": verdict.value,
            "valid": verdict is Verdict.VALID,
            "sentence": {"zh": zh, "en": en},
            "checked_at": rfc3339(now),
        }

    def found(self, finding: Finding, payload: CodeA, catalogue: Snapshot, now: int) -> dict[str, Any]:
        """An answer about a licence."""
        answer = self.refused(finding.verdict, now)
        licence = finding.licence
        if finding.used_at is not None:
            answer["used_at"] = rfc3339(finding.used_at)
        if licence is None or finding.verdict in _NOT_SHOWN or finding.verdict is Verdict.CODE_EXPIRED:
            return answer
        type_ = catalogue.types[licence.type]
        answer["licence"] = {
            "type": type_name(type_),
            "issuer": issuer_name(catalogue, licence.agency),
            "state": licence.state(now).value,
            "valid_from": day_of(licence.valid_from).isoformat(),
            "valid_until": day_of(licence.valid_ends - DAY).isoformat() if licence.valid_ends else None,
        }
        answer["holder"] = _from_code(payload)
        if finding.fields or finding.named or (type_.public and finding.verdict is Verdict.VALID):
            answer["licence"]["identifier"] = licence.identifier
            self._disclose(answer, finding, payload, type_)
        return answer

    def _disclose(self, answer: dict[str, Any], finding: Finding, payload: CodeA, type_: LicenceType) -> None:
        labels = [label_of(self._ports.register, holding) for holding in finding.held]
        shower = _shower(finding.held, labels, payload)
        own = shower or finding.held[0]
        _, content = content_of(self._ports.register, own, self._settings.deployment)
        values = field_values(type_, content.fields)
        # where two holders look alike in the code, neither one's own part is shown
        shown = seen(type_, values, shower.role if shower else "-", finding.fields)
        answer["licence"]["number"] = number_seen(type_, content.number, shown)
        answer["fields"] = field_forms(type_, values, shown)
        if shower and (finding.named or type_.public):
            answer["holder"]["name"] = labels[shower.position].name


def _from_code(payload: CodeA) -> dict[str, Any]:
    if isinstance(payload.holder, str):
        return {"kind": "person", "shown": payload.holder, "name": None, "compare_with_card": True}
    uscc = Uscc.unpack(payload.holder).text
    return {"kind": "organisation", "shown": uscc, "name": None, "compare_with_card": False}


def _shower(held: tuple[Holding, ...], labels: list[Label], payload: CodeA) -> Holding | None:
    """The holder who shows the code; None where two would have minted it alike."""
    alike = [
        holding for holding, label in zip(held, labels, strict=True) if shown_holder(label) == payload.holder
    ]
    return alike[0] if len(alike) == 1 else None
