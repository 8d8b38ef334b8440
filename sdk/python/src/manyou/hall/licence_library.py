"""The licence library over HTTP: what a hall, an authority, a holder's portal and a verifier ask of it.

Every method sends one request and returns the JSON of the answer; what the members mean stands in the API's
documentation. A refusal is raised as the ``Problem`` that its code names.

Tokens are those of the resource ``resource``: a person's (``Hall.begin(resource=…)``) or the client's own
(``Hall.client_token``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from manyou.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from manyou.hall.channel import Channel

__all__ = ["LicenceLibrary"]


class LicenceLibrary:
    """Base ``‹issuer›/elicence``."""

    def __init__(self, resource: str, channel: Channel) -> None:
        self.resource = resource
        """The resource URI (RFC 8707) that tokens for the library are asked with."""
        self._base = f"{resource}/v1"
        self._channel = channel

    # a hall

    def use(self, access_token: str, *, matter: str, purpose: str, business_number: str) -> Any:
        """The fields of the holder's licences that matter and use grant allow; traced, refusals too."""
        body = {"matter": matter, "purpose": purpose, "business_number": business_number}
        return self._post("uses", body, access_token)

    # the holder

    def file(self, access_token: str) -> Any:
        """All licences of the token's holder (一人一档, 一企一档)."""
        return self._get("file", access_token)

    def file_licence(self, access_token: str, licence_id: str) -> Any:
        """One of them with its fields."""
        return self._get(f"file/{_part(licence_id)}", access_token)

    def trace(self, access_token: str, *, before: str | None = None) -> Any:
        """Every use of the holder's licences, newest first; ``before`` goes on where a page ended."""
        return self._get("trace", access_token, {"before": before} if before else None)

    def mint(self, access_token: str, licence_id: str) -> Any:
        """A licence code of now: digits, address, SVG path and when it ends."""
        return self._post("codes", {"licence_id": licence_id}, access_token)

    # a verifier

    def check(
        self, code: str, access_token: str | None = None, *, purpose: str = "", business_number: str = ""
    ) -> Any:
        """The verdict on a scanned code. Without a token, or with a public verifier's, nothing is spent."""
        body = {"code": code, "purpose": purpose, "business_number": business_number}
        return self._post("codes/check", {name: each for name, each in body.items() if each}, access_token)

    def status_list(self, number: int) -> str:
        """A signed status list (``statuslist+jwt``), for ``manyou.status``."""
        return self._text(f"status/{number}", "application/statuslist+jwt")

    def trust_list(self) -> str:
        """The signed trust list, for ``manyou.trust``."""
        return self._text("trust-list", "application/jwt")

    # an authority

    def issue(self, access_token: str, licence: Mapping[str, Any], *, idempotency_key: str) -> Any:
        """Issue a licence; the same key with the same body gives the same licence again."""
        return self._post("licences", licence, access_token, {"Idempotency-Key": idempotency_key})

    def show(self, access_token: str, identifier: str) -> Any:
        """A licence by its identifier, for an authority that is competent for it."""
        return self._get(f"licences/{_part(identifier)}", access_token)

    def transition(self, access_token: str, identifier: str, change: Mapping[str, Any]) -> Any:
        """Change a licence's state: operation, effective_at, reason, document."""
        return self._post(f"licences/{_part(identifier)}/transitions", change, access_token)

    # everybody

    def types(self) -> Any:
        """The catalogue of licence types."""
        return self._get("types")

    def matters(self) -> Any:
        """The matters that ask for licences."""
        return self._get("matters")

    def _get(self, path: str, access_token: str | None = None, query: Mapping[str, str] | None = None) -> Any:
        return self._channel.read("GET", f"{self._base}/{path}", access_token=access_token, query=query)

    def _post(
        self, path: str, body: Any, access_token: str | None, headers: Mapping[str, str] | None = None
    ) -> Any:
        return self._channel.read(
            "POST", f"{self._base}/{path}", access_token=access_token, json=body, headers=headers
        )

    def _text(self, path: str, kind: str) -> str:
        response = self._channel.call("GET", f"{self._base}/{path}", headers={"Accept": kind})
        return str(response.text)


def _part(text: str) -> str:
    """One part of a path: never a slash, never a step upwards."""
    if text in ("", ".", ".."):
        raise NotFound(detail="no identifier")
    return quote(text, safe="")
