"""Traffic limits: how often one address or client may call what is open to strangers or dear to answer.

They guard capacity and the growth of tables, never an account: guesses are counted durably by the room that
verifies them. A limit counts in windows of fixed length in the expiring store, for all workers together.

1. By address: IPv4 as it is, IPv6 by its /64, which is what one household gets. Behind a trusted proxy it is
   the address that the proxy saw.
2. By client, where requests wait in the expiring store: after authentication, so that nobody uses up the
   share of another; a public client proves nothing, so its share is an address's.
3. By address, wrong client authentication alone: whoever proves itself from there goes on.

While the expiring store is away each worker counts for itself, so the limits stand, a few times as wide.
Rules that are *closed* refuse instead: what they guard can wait, and its rows would lie about for days.
"""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from manyou.errors import TooMany, Unauthenticated, Unavailable
from web.endpoint import Authorisation, Endpoint

if TYPE_CHECKING:
    from store import Expiring
    from web.call import Call

__all__ = [
    "INSIDE",
    "WAITING",
    "LimitSettings",
    "Limiter",
    "Rule",
    "TooOften",
    "address_of",
    "by_address",
    "limited",
]

INSIDE: Final = "manyou.inside"
"""A key of WSGI's environ that no caller can set: the portal calls the provider in its own process."""
MOST_REMEMBERED: Final = 10_000
"""Callers over a limit, or counted while the store is away, that one worker keeps in mind."""


class TooOften(TooMany):
    """Over a traffic limit."""

    code = "too_often"
    mend = "Call less often: wait for as many seconds as Retry-After says."


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """Calls a window, for one address or client; 0 turns a limit off."""

    window_seconds: int = 60
    """Length of a window."""
    exempt: frozenset[str] = frozenset({"127.0.0.1", "::1"})
    """Addresses that are not counted; a trusted proxy hands on the caller's and need not stand here."""
    logins: int = 120
    """Sent passwords and one-time codes, for one address; a hall full of people has one."""
    activations: int = 30
    """Steps of activating an account, for one address; refused while the expiring store is away."""
    checks: int = 240
    """Codes checked by anybody, for one address."""
    looks: int = 60
    """Codes of one licence checked by anybody: each look stands in the holder's trace."""
    waiting: int = 3000
    """Requests that wait for a person (pushed, device, back-channel), for one client that proved itself."""
    strangers: int = 300
    """The same of clients that prove nothing, and registrations, for one address."""
    wrong_clients: int = 120
    """Wrong client authentications, from one address; right ones are never counted."""

    def __post_init__(self) -> None:
        """Refuse what is no number of calls and no address.

        Raises:
            ValueError: naming every setting that is wrong.
        """
        counts = (
            *(self.logins, self.activations, self.checks, self.looks),
            *(self.waiting, self.strangers, self.wrong_clients),
        )
        faults = [] if min(counts) >= 0 else ["limits: 0 or more calls"]
        if not 1 <= self.window_seconds <= 3600:
            faults.append("window_seconds: 1 to 3600")
        for each in sorted(self.exempt):
            try:
                ipaddress.ip_address(each)
            except ValueError:
                faults.append(f"exempt: {each} is no address")
        if faults:
            raise ValueError("; ".join(faults))


@dataclass(frozen=True, slots=True)
class Rule:
    """One limit: ``most`` calls a window for each subject."""

    name: str
    most: int
    closed: bool = False
    """Refuse while the expiring store is away, instead of counting in each worker."""


class Limiter:
    """Counts, and refuses what is over. Whoever is over is refused without asking the store again."""

    def __init__(self, settings: LimitSettings, expiring: Expiring) -> None:
        self._exempt = settings.exempt
        self._seconds = settings.window_seconds
        self._expiring = expiring
        self._over: dict[str, int] = {}
        """Key → end of its window."""
        self._own: dict[str, int] = {}
        """Key → count, while the store is away."""
        self._lock = threading.Lock()

    def exempts(self, call: Call) -> bool:
        """Whether nobody is counted: a call from within, or from an exempt address."""
        return INSIDE in call.environ or call.remote in self._exempt

    def count(self, rule: Rule, subject: str, now: int) -> None:
        """Count one call; raises ``TooOften`` over the limit, ``Unavailable`` where that is the rule."""
        if not rule.most:
            return
        window = now // self._seconds
        key, ends = f"limit:{rule.name}:{window}:{subject}", (window + 1) * self._seconds
        if key in self._over or self._counted(rule, key, ends) > rule.most:
            self._remember(key, ends, now)
            raise TooOften(retry_after=ends - now, detail=rule.name)

    def _counted(self, rule: Rule, key: str, ends: int) -> int:
        try:
            return self._expiring.bump(key, ends)
        except Unavailable:
            if rule.closed:
                raise
        with self._lock:
            if len(self._own) >= MOST_REMEMBERED:
                self._own.clear()
            self._own[key] = count = self._own.get(key, 0) + 1
        return count

    def _remember(self, key: str, ends: int, now: int) -> None:
        with self._lock:
            if len(self._over) >= MOST_REMEMBERED:
                self._over = {each: end for each, end in self._over.items() if end > now}
            if len(self._over) < MOST_REMEMBERED:
                self._over[key] = ends


def address_of(call: Call) -> str:
    """Whom the call is counted for: the IPv4 address, the IPv6 /64; what is no address as it stands."""
    try:
        address = ipaddress.ip_address(call.remote)
    except ValueError:
        return call.remote
    if address.version == 6:
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return str(address)


def limited(
    endpoints: Iterable[Endpoint], settings: LimitSettings, limiter: Limiter, client_of: Callable[[Any], str]
) -> tuple[Endpoint, ...]:
    """The endpoints behind their limits; ``client_of`` names an admitted client, "" for one without proof."""
    by_route = by_address(settings)
    found = []
    for endpoint in endpoints:
        admit = endpoint.authorisation.admit
        route = endpoint.method, endpoint.path
        if (rule := by_route.get(route)) is not None:
            admit = _counting_addresses(limiter, rule, admit)
        if endpoint.authorisation.name == "client":
            admit = _counting_refusals(limiter, Rule("wrong-client", settings.wrong_clients), admit)
        if route in WAITING:
            admit = _counting_clients(limiter, settings, admit, client_of)
        if admit is not endpoint.authorisation.admit:
            gate = Authorisation(endpoint.authorisation.name, endpoint.authorisation.reason, admit)
            endpoint = replace(endpoint, authorisation=gate)  # noqa: PLW2901 - the same one, guarded
        found.append(endpoint)
    return tuple(found)


WAITING: Final = frozenset(
    {
        ("POST", "/par"),
        ("POST", "/device_authorization"),
        ("POST", "/backchannel-authentication"),
        ("POST", "/register"),
    }
)
"""Routes whose every call leaves something behind for a while."""


def by_address(settings: LimitSettings) -> Mapping[tuple[str, str], Rule]:
    """Which routes are counted by address, and how."""
    logins = Rule("logins", settings.logins)
    activations = Rule("activations", settings.activations, closed=True)
    checks = Rule("checks", settings.checks)
    return {
        ("POST", "/login"): logins,
        ("POST", "/login/acting"): logins,
        ("POST", "/login/otp"): logins,
        ("POST", "/activate"): activations,
        ("POST", "/activate/code"): activations,
        ("POST", "/activate/password"): activations,
        ("POST", "/device"): logins,
        ("POST", "/elicence/v1/codes/check"): checks,
        ("POST", "/V/<digits>"): checks,
        ("POST", "/verify"): checks,
    }


def _counting_addresses(limiter: Limiter, rule: Rule, admit: Callable[[Call], Any]) -> Callable[[Call], Any]:
    def counted(call: Call) -> Any:
        principal = admit(call)
        # a verifier that proved itself is no stranger
        if not limiter.exempts(call) and (principal is None or rule.name != "checks"):
            limiter.count(rule, address_of(call), call.now)
        return principal

    return counted


def _counting_refusals(limiter: Limiter, rule: Rule, admit: Callable[[Call], Any]) -> Callable[[Call], Any]:
    def counted(call: Call) -> Any:
        try:
            return admit(call)
        except Unauthenticated:
            if not limiter.exempts(call):
                limiter.count(rule, address_of(call), call.now)
            raise

    return counted


def _counting_clients(
    limiter: Limiter, settings: LimitSettings, admit: Callable[[Call], Any], client_of: Callable[[Any], str]
) -> Callable[[Call], Any]:
    proven, strangers = Rule("waiting", settings.waiting), Rule("strangers", settings.strangers)

    def counted(call: Call) -> Any:
        principal = admit(call)
        if not limiter.exempts(call):
            client = client_of(principal)
            limiter.count(proven if client else strangers, client or address_of(call), call.now)
        return principal

    return counted
