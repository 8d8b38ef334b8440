"""How a hall speaks to the provider: one transport, a time limit, no redirects, refusals raised by code."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from manyou.errors import Problem, TooMany, Unavailable, problem_for
from manyou.hall.errors import ProviderUnavailable, StepUpNeeded, TokenRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from requests import Response
    from requests.adapters import BaseAdapter

    Transport = BaseAdapter | Callable[[], BaseAdapter]

__all__ = ["Channel"]


class Channel:
    """Requests as one client. Threads share it: each operation has its own session over one transport."""

    def __init__(
        self,
        client_id: str,
        client_secret: str | None,
        transport: Transport | None,
        seconds: float,
        prove: Callable[[BaseAdapter], BaseAdapter] | None = None,
    ) -> None:
        """``transport``: None for the network; ``seconds``: the limit of one request.

        ``prove``: puts DPoP proofs into what goes over the transport.
        """
        self._client_id = client_id
        self._client_secret = client_secret
        self._given = transport
        self._transport: BaseAdapter | None = None
        self._seconds = seconds
        self._prove = prove

    @property
    def token_type(self) -> str:
        """What its tokens are, and the scheme that they are sent with."""
        return "Bearer" if self._prove is None else "DPoP"

    @contextmanager
    def oauth(self, **settings: Any) -> Iterator[Any]:
        """Authlib's client for one operation; its errors and those of the network come out as ours.

        Raises:
            ProviderUnavailable: no answer, or none that can be read.
            TokenRefused: the token endpoint refused; ``code`` is its ``error``.

        """
        from authlib.integrations.base_client import OAuthError
        from authlib.integrations.requests_client import OAuth2Session
        from requests import RequestException
        from requests.adapters import HTTPAdapter

        if self._transport is None:
            given = self._given
            made = HTTPAdapter() if given is None else given() if callable(given) else given
            self._transport = made if self._prove is None else self._prove(made)
        with OAuth2Session(
            self._client_id, self._client_secret, default_timeout=self._seconds, **settings
        ) as session:
            session.trust_env = self._given is None
            session.max_redirects = 0
            for scheme in ("http://", "https://"):
                session.mount(scheme, self._transport)
            try:
                yield session
            except OAuthError as error:
                raise _refused(str(error.error or ""), str(error.description or "")) from error
            except (RequestException, ValueError) as error:
                raise ProviderUnavailable(detail=type(error).__name__) from error

    def call(
        self,
        method: str,
        url: str,
        *,
        access_token: str | None = None,
        json: Any = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a request outside the grants and return what succeeded.

        Raises:
            Problem: the class that the answer's code names, with its ``mend``.
            ProviderUnavailable: no answer, or none that can be read.

        """
        sent = {"Accept": "application/json", **(headers or {})}
        if access_token is not None:
            sent["Authorization"] = f"{self.token_type} {access_token}"
        with self.oauth() as session:
            response: Response = session.request(
                method,
                url,
                withhold_token=True,
                json=json,
                params=query,
                headers=sent,
                allow_redirects=False,
            )
        if 200 <= response.status_code < 300:
            return response
        raise problem_of(response)

    def read(self, method: str, url: str, **request: Any) -> Any:
        """``call``, and the JSON of the answer."""
        response = self.call(method, url, **request)
        try:
            return response.json()
        except ValueError as error:
            raise ProviderUnavailable(detail="no JSON") from error


def problem_of(response: Response) -> Problem:
    """The refusal that an answer carries (RFC 9457 with ``code``, or RFC 6749 § 5.2 with ``error``)."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        body = {}
    code = body.get("code") or body.get("error")
    if not isinstance(code, str):
        return ProviderUnavailable(detail=f"status {response.status_code}")
    problem = problem_for(response.status_code, code, detail=str(body.get("request_id", "")))
    mend = body.get("mend") or body.get("error_description")
    if isinstance(mend, str) and mend.isascii():
        problem.mend = mend
    if isinstance(problem, StepUpNeeded):
        problem.read(response.headers.get("WWW-Authenticate", ""))
    delay = response.headers.get("Retry-After", "")
    if isinstance(problem, TooMany | Unavailable) and delay.isascii() and delay.isdigit():
        problem.retry_after = max(1, int(delay))
    return problem


def _refused(error: str, description: str) -> Problem:
    refused = TokenRefused(description if description.isascii() and description else None)
    refused.code = error or TokenRefused.code  # type: ignore[misc]  # the wire's own word
    return refused
