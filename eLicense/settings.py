"""Settings of the licence room."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LicenceSettings"]


@dataclass(frozen=True, slots=True)
class LicenceSettings:
    """Where the library is reached, and how long what it signs is good.

    Attributes:
        issuer: the provider's issuer URL, without a trailing slash; the API stands below ``/elicence/v1``.
        deployment: lasting name of this deployment; codes of one never pass in another.
        verifier_url: what a code's text begins with, ending in ``/V/``; the page there changes nothing.
        code_seconds: life of code A.
        status_ttl: seconds a verifier may go on with a cached status list.
        status_life: seconds from a status list's issue to its ``exp``.
        status_size: entries of a new status list; 2**17 are 32 KiB before compression.
        trust_life: seconds from a trust list's issue to its end.
        show_level: real-name level for the own file and for codes (R2).
        company_level: the same when acting for an organisation, or for sensitive types (R3).
        company_strength: login strength for the same (A1, A2, A3); lacking, a new login is asked for.
        company_login_seconds: how old that login may be, likewise; 0: of any age.
    """

    issuer: str
    deployment: str
    verifier_url: str
    code_seconds: int = 60
    status_ttl: int = 300
    status_life: int = 86_400
    status_size: int = 1 << 17
    trust_life: int = 7 * 86_400
    show_level: int = 2
    company_level: int = 3
    company_strength: int = 1
    company_login_seconds: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot work; all faults at once.

        Raises:
            ValueError: naming every setting that is wrong.

        """
        faults = []
        if not self.issuer or self.issuer.endswith("/"):
            faults.append("issuer: a URL without a trailing slash")
        if not self.deployment:
            faults.append("deployment: must not be empty")
        if not self.verifier_url.endswith("/V/"):
            faults.append("verifier_url: ends in /V/")
        if not 5 <= self.code_seconds <= 300:
            faults.append("code_seconds: 5 to 300")
        if not 0 < self.status_ttl <= self.status_life:
            faults.append("status_ttl: above 0 and at most status_life")
        if not 1 <= self.company_strength <= 3:
            faults.append("company_strength: 1 to 3")
        if self.company_login_seconds < 0:
            faults.append("company_login_seconds: 0, or seconds")
        if self.status_size < 64 or self.status_size & (self.status_size - 1):
            faults.append("status_size: a power of two, at least 64")
        if faults:
            raise ValueError("; ".join(faults))

    @property
    def resource(self) -> str:
        """The resource URI (RFC 8707) that tokens for the library are asked with."""
        return f"{self.issuer}/elicence"
