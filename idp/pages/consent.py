"""The consent page: what a hall wants to know or do, in the person's words, and yes or no.

The page goes over the same checks as /authorize, without the last one, so that it shows exactly what the
request asks and nothing else can be agreed to. The hall's own text stands beside, never instead. Whoever was
not led here in the present session is led here first: an old page's button agrees to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from idp.oauth.authorization import AUTHORIZATION_CHECKS, asked, concluded, problem_of
from idp.oauth.checks.consent import agreed, ask, asked_here, record
from idp.oauth.claims.claims_request import allowed, asked_for
from idp.oauth.errors import AccessDenied, UntrustedRequest
from idp.oauth.origin import policy_origin
from idp.oauth.requests.asking import Asking
from idp.oauth.requests.begun import begin
from web.endpoint import Endpoint, public
from web.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idp.oauth.clients.client import Client
    from idp.oauth.engine import Engine
    from web.access import Sentence
    from web.call import Call
    from web.pages import Pages

__all__ = ["consent_endpoints"]

CLAIM = "claim."
"""A field of the form for each claim, sent where the person leaves it ticked."""

_CHECKS = tuple(check for check in AUTHORIZATION_CHECKS if check is not agreed)
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def consent_endpoints(engine: Engine, pages: Pages) -> tuple[Endpoint, ...]:
    """The page and its form."""

    def get(call: Call) -> Reply:
        found = asked(engine, pages, call, _CHECKS)
        if isinstance(found, Reply):
            return found
        return _page(pages, call, found) if asked_here(found) else ask(found)

    def post(call: Call) -> Reply:
        found = asked(engine, pages, call, _CHECKS)
        if isinstance(found, Reply):
            return found
        match call.form.get("decision"):
            case "allow" if not asked_here(found):
                return ask(found)
            case "allow":
                _give(found, _ticked(call))
                return Reply.redirect("/authorize?" + found.own_query(begin(found)))
            case "deny":
                return concluded(found, problem_of(AccessDenied()))
            case _:
                raise UntrustedRequest("Send decision=allow or decision=deny.")

    person = public("AUTHORIZATION_CHECKS demand the session, and send who has none to log in")
    return (
        Endpoint("GET", "/consent", get, person, page=True),
        Endpoint("POST", "/consent", post, person, page=True),
    )


def _page(pages: Pages, call: Call, asking: Asking) -> Reply:
    client = asking.client
    organisation = None
    if asking.session.acting_for is not None:
        organisation = asking.engine.facts.organisation(asking.session.acting_for)
    logo = policy_origin(client.logo_uri) if client.logo_uri else None
    return pages.page(
        call,
        "idp/consent.html",
        leads_elsewhere=True,
        images=(logo,) if logo else (),
        logo=client.logo_uri if logo else "",
        links=[(key, uri) for key, uri in _links(client) if uri],
        hall=(client.name_zh, client.name_en),
        answers_at=_host(asking.redirect_uri or "") if client.own_word else None,
        organisation=organisation.name if organisation else None,
        scopes=[f"consent.scope_{name}" for name in asking.scopes],
        sentences=_sentences(asking),
        claims=_claims(asking),
        query=call.query_string,
    )


def _host(uri: str) -> str:
    """Where the answer goes, as people read addresses; of a scheme of an application's own, the scheme."""
    parts = urlsplit(uri)
    return parts.netloc if parts.scheme in {"https", "http"} else parts.scheme


def _links(client: Client) -> tuple[tuple[str, str], ...]:
    """What the hall has to read of its own (OIDC Registration § 2), each with the key of its text."""
    return (
        ("consent.hall_site", client.client_uri),
        ("consent.hall_policy", client.policy_uri),
        ("consent.hall_terms", client.tos_uri),
    )


def _claims(asking: Asking) -> list[tuple[str, str, bool]]:
    """Name, key of its text, whether the hall calls it essential."""
    shown = asked_for(asking.asked.wanted, asking.scopes)
    return [(name, f"consent.claim_{name}", essential) for name, essential in shown.items()]


def _ticked(call: Call) -> frozenset[str]:
    return frozenset(name.removeprefix(CLAIM) for name in call.form if name.startswith(CLAIM))


def _sentences(asking: Asking) -> list[Sequence[Sentence]]:
    details = [_decode(body) for body in asking.details.values()]
    kinds = asking.engine.details
    return [kinds[detail["type"]].sentences(detail, asking.client.client_id) for detail in details]


def _give(asking: Asking, ticked: frozenset[str]) -> None:
    wanted = asking.asked.wanted
    record(asking, allowed(wanted, asking.scopes, ticked), first_party=False)
