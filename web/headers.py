"""Security headers, one place. Sources: OWASP ASVS 5 § 3.4, CSP level 3."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["machine_headers", "page_headers"]

_ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    # not "no-referrer": with it browsers send "Origin: null" on our own forms, which the check would refuse
    ("Referrer-Policy", "same-origin"),
)
_HTTPS = (("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),)
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src {}; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PAGE = (
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(self), geolocation=(), microphone=(), payment=()"),
)
_ALONE = (("Cross-Origin-Opener-Policy", "same-origin"),)


def machine_headers(*, https: bool) -> tuple[tuple[str, str], ...]:
    """Headers of every answer."""
    return _ALWAYS + (_HTTPS if https else ())


def page_headers(
    *,
    https: bool,
    leads_elsewhere: bool = False,
    posts_to: str = "",
    frames: Sequence[str] = (),
    images: Sequence[str] = (),
) -> tuple[tuple[str, str], ...]:
    """Headers of every page.

    ``leads_elsewhere``: the form's answer redirects to another origin. Chromium holds ``form-action`` against
    the redirects that follow a form too, so login and consent, which end at the hall, leave it out.
    Nor is such a page cut off from the window that opened it: a hall that logs people in by a popup
    (OIDC Core § 3.1.2.1, ``display=popup``) waits there for the answer.
    ``posts_to``: the only origin that the page's form goes to, and the only one that is told where from.
    ``frames``: origins whose pages may be loaded into frames of this one.
    ``images``: origins whose pictures stand on it.
    """
    target = posts_to or "'self'"
    policy = _POLICY.format(" ".join(("'self' data:", *images)))
    if not leads_elsewhere:
        policy += f"; form-action {target}"
    if frames:
        policy += "; frame-src " + " ".join(frames)
    on_the_way = leads_elsewhere or posts_to
    alone = () if on_the_way else _ALONE
    headers = machine_headers(https=https) + _PAGE + alone + (("Content-Security-Policy", policy),)
    if not posts_to:
        return headers
    # with "same-origin" the other side would see "Origin: null", which many refuse
    return tuple(
        (name, "strict-origin") if name == "Referrer-Policy" else (name, value) for name, value in headers
    )
