"""What may be wrong with a request as such.

Problem
├── BadRequest ── MalformedParameters, DuplicateParameter, BodyNotForm, BodyNotJson, CertificateUnreadable
│   └── NotFetched ── FetchForbidden: what somebody else was to serve at a URL of theirs
├── TooLarge ── BodyTooLarge
├── Forbidden ── CrossSiteForm
├── NotFound ── NoSuchPage, WrongHost
└── MethodNotAllowed (web's own: only routing can tell)
"""

from __future__ import annotations

from manyou.errors import BadRequest, Forbidden, NotFound, Problem, TooLarge

__all__ = [
    "BodyNotForm",
    "BodyNotJson",
    "BodyTooLarge",
    "CertificateUnreadable",
    "CrossSiteForm",
    "DuplicateParameter",
    "FetchForbidden",
    "MalformedParameters",
    "MethodNotAllowed",
    "NoSuchPage",
    "NotFetched",
    "WrongHost",
]


class MalformedParameters(BadRequest):
    """Query or form cannot be read."""

    code = "malformed_parameters"
    mend = "Send parameters as application/x-www-form-urlencoded in UTF-8."


class DuplicateParameter(BadRequest):
    """A parameter stands more than once (RFC 6749 § 3.1)."""

    code = "duplicate_parameter"
    mend = "Send each parameter once."


class BodyNotForm(BadRequest):
    """The body is no form."""

    code = "body_not_form"
    mend = "Send the body as application/x-www-form-urlencoded."


class BodyNotJson(BadRequest):
    """The body is no JSON of the expected shape."""

    code = "body_not_json"
    mend = "Send the body as application/json of the documented shape."


class CertificateUnreadable(BadRequest):
    """What the proxy handed on as the client's certificate cannot be read."""

    code = "certificate_unreadable"
    mend = "Connect with one X.509 certificate; if you did, tell the operator of the proxy."


class NotFetched(BadRequest):
    """A URL of somebody else's gave no answer that we can use: theirs to mend, so no 5xx of ours."""

    code = "not_fetched"
    mend = (
        "Serve the document at the registered https address: quickly, small, with 200 and without redirects."
    )


class FetchForbidden(NotFetched):
    """We fetch nothing from such a URL, or from the address that its host has."""

    code = "fetch_forbidden"
    mend = "Register an https address that this service may reach, without user information and fragment."


class BodyTooLarge(TooLarge):
    """The body is over the endpoint's limit."""

    code = "body_too_large"
    mend = "Send a smaller body."


class CrossSiteForm(Forbidden):
    """A form came without this browser's token, or from another site."""

    code = "cross_site_form"
    mend = "Open the page again and send its own form."


class NoSuchPage(NotFound):
    """No route."""

    code = "no_such_page"
    mend = "Check the address."


class WrongHost(NotFound):
    """The Host header names none of our sites."""

    code = "wrong_host"
    mend = "Use the configured host name."


class MethodNotAllowed(Problem):
    """The route exists, for another method."""

    code = "method_not_allowed"
    mend = "Use the method that the documentation names."
