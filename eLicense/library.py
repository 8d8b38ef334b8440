"""The room put together: its routes, its jobs, and the meaning of its authorization details."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from eLicense.addresses import BASE
from eLicense.catalogue import CurrentCatalogue
from eLicense.code.checking import Checking
from eLicense.code.minting import Minting
from eLicense.code.verdicts import Verdicts
from eLicense.endpoints import authority, holder, published, sharing
from eLicense.file.own import OwnFile
from eLicense.file.trace import Trace
from eLicense.issue.issuing import Issuing
from eLicense.issue.signing import Signing
from eLicense.licences.view import Views
from eLicense.lifecycle.transitions import Transitions
from eLicense.ports import Ports
from eLicense.settings import LicenceSettings
from eLicense.sharing.detail_type import ElicenceDetail
from eLicense.sharing.disclosed import Disclosed
from eLicense.sharing.uses import Uses
from eLicense.status.lists import StatusLists
from eLicense.status.trust import TrustLists
from web import Catalogue, DetailType, Endpoint

__all__ = ["LANE", "TEXTS", "Library", "build"]

LANE = (
    ("POST", f"{BASE}/codes"),
    ("POST", f"{BASE}/codes/check"),
    ("POST", f"{BASE}/uses"),
    ("GET", f"{BASE}/file"),
    ("GET", f"{BASE}/trust-list"),
)
"""Routes without a variable that are asked for most; none reads a cookie."""

TEXTS = Path(__file__).with_name("texts.toml")
"""What the room says, in both languages; for the service's catalogue."""


@dataclass(frozen=True, slots=True)
class Library:
    """The licence library of one process."""

    endpoints: tuple[Endpoint, ...]
    detail_type: DetailType
    jobs: Mapping[str, Callable[[int], int]]
    """Name → function of now (unix seconds) → how much was done; safe to run twice and by several workers."""
    issuing: Issuing
    transitions: Transitions
    catalogue: CurrentCatalogue
    status_lists: StatusLists
    trust_lists: TrustLists


def build(settings: LicenceSettings, ports: Ports) -> Library:
    """Wire the room; reads nothing yet and starts no thread."""
    texts = Catalogue.load([TEXTS])
    catalogue = CurrentCatalogue(ports.durable, ports.feed)
    views = Views(settings, ports)
    signing = Signing(ports)
    issuing = Issuing(settings, ports, catalogue, signing)
    transitions = Transitions(ports, catalogue)
    own = OwnFile(settings, ports, catalogue, views)
    minting = Minting(settings, ports, catalogue, own)
    checking = Checking(settings, ports, catalogue, Verdicts(settings, ports, texts))
    uses = Uses(settings, ports, catalogue, Disclosed(settings, ports, views, texts))
    lists = StatusLists(settings, ports)
    trust = TrustLists(settings, ports, catalogue)
    return Library(
        endpoints=(
            *authority.endpoints(settings, ports, catalogue, issuing, transitions, views),
            *holder.endpoints(settings, ports, own, Trace(ports, catalogue), minting),
            *sharing.endpoints(settings, ports, uses, checking),
            *published.endpoints(catalogue, lists, trust),
        ),
        detail_type=ElicenceDetail(catalogue, texts, ports.clock),
        jobs={"resume_intents": signing.resume, "expire_licences": transitions.expire_due},
        issuing=issuing,
        transitions=transitions,
        catalogue=catalogue,
        status_lists=lists,
        trust_lists=trust,
    )
