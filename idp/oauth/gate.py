"""The one gate: every grant asks it before it issues, every use of a token that is checked here too (pure).

What it looks at is read in the same work that issues (``standing``), so nothing slips between. An empty table
would refuse nothing, so the rules are counted in a test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from idp.oauth.standing import Bid, Standing
from idp.people.person import LEVEL_FOR_ORGANISATION

__all__ = ["GATE", "may_issue"]

CLOCKS_APART_MOST = 5
"""Seconds between two workers' clocks that are still ready."""

Rule = Callable[[Bid, Standing, int], bool]


def _client(_bid: Bid, found: Standing, _now: int) -> bool:
    return found.client_enabled


def _person(_bid: Bid, found: Standing, _now: int) -> bool:
    return found.person_enabled


def _session(bid: Bid, found: Standing, now: int) -> bool:
    session = found.session
    if session is None:  # swept after its natural end
        return bid.offline
    if found.session_ended or session.acting_for != (bid.grantee.acting_for or None):
        return False
    return bid.offline or (session.idle_ends > now and session.ends > now)


def _consent(bid: Bid, found: Standing, _now: int) -> bool:
    # a consent given anew does not wake what was issued under the one withdrawn
    agreed = found.consent is not None and bid.scopes <= found.consent
    return agreed and found.consent_since <= bid.at + CLOCKS_APART_MOST


def _level(bid: Bid, found: Standing, _now: int) -> bool:
    if found.level < bid.least_level:
        return False
    return found.session is None or found.session.strength >= bid.least_strength


def _delegation(bid: Bid, found: Standing, _now: int) -> bool:
    if not bid.grantee.acting_for:
        return True
    return found.office_stands and found.level >= LEVEL_FOR_ORGANISATION


def _family(bid: Bid, found: Standing, _now: int) -> bool:
    if found.revoked:
        return False
    return found.family is True if bid.kept else found.family is not False


def _sender(bid: Bid, _found: Standing, _now: int) -> bool:
    return not bid.sender or bid.sender == bid.proven


GATE: Final[tuple[tuple[str, Rule], ...]] = (
    ("client_disabled", _client),
    ("person_disabled", _person),
    ("session_over", _session),
    ("delegation_over", _delegation),
    ("consent_missing", _consent),
    ("level_not_reached", _level),
    ("revoked", _family),
    ("sender_key", _sender),
)
"""Why not → whether it holds."""


def may_issue(bid: Bid, found: Standing, now: int) -> str | None:
    """None where everything holds, else the first reason that does not."""
    for reason, holds in GATE:
        if not holds(bid, found, now):
            return reason
    return None
