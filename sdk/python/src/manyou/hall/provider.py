"""What the provider says of itself: metadata and keys, fetched at first use and then kept for an hour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from manyou.hall.errors import ProviderUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from manyou.hall.channel import Channel

__all__ = ["Provider"]

KEPT_SECONDS: Final = 3600
"""A provider publishes a key long before it signs with it; an unknown one is fetched all the same."""
AGAIN_SECONDS: Final = 10
"""Between two fetches for a kid that the set does not hold."""
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Provider:
    """One issuer. Nothing is fetched before the first question."""

    def __init__(self, issuer: str, channel: Channel, clock: Callable[[], int]) -> None:
        """``issuer``: exactly as the provider writes it.

        Raises:
            ValueError: the issuer is neither https nor http on loopback.

        """
        url = urlsplit(issuer)
        if url.scheme != "https" and not (url.scheme == "http" and url.hostname in _LOOPBACK):
            raise ValueError("the issuer must be an https address, or http on loopback")
        self.issuer = issuer
        self._channel = channel
        self._clock = clock
        self._metadata: tuple[int, Mapping[str, Any]] | None = None
        self._keys: tuple[int, list[Mapping[str, Any]]] | None = None

    def metadata(self) -> Mapping[str, Any]:
        """The discovery document (OIDC Discovery § 4).

        Raises:
            ProviderUnavailable: not there, or it names another issuer (§ 4.3).

        """
        kept = self._metadata
        now = self._clock()
        if kept is not None and now < kept[0] + KEPT_SECONDS:
            return kept[1]
        document = self._channel.read("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if not isinstance(document, dict) or document.get("issuer") != self.issuer:
            raise ProviderUnavailable(detail="discovery names another issuer")
        self._metadata = (now, document)
        return document

    def endpoint(self, name: str) -> str:
        """An address out of the metadata, e.g. ``token_endpoint``.

        Raises:
            ProviderUnavailable: the provider offers no such endpoint.

        """
        address = self.metadata().get(name)
        if not isinstance(address, str):
            raise ProviderUnavailable(detail=f"the provider has no {name}")
        return address

    def key(self, kid: str) -> Mapping[str, Any] | None:
        """The public JWK of that kid; the set is fetched again when it is not known, but not each time.

        Anybody can send a token of a kid that nobody has. A new key is published long before it is used.
        """
        kept, now = self._keys, self._clock()
        if kept is not None and now < kept[0] + KEPT_SECONDS:
            found = _find(kept[1], kid)
            if found is not None or now < kept[0] + AGAIN_SECONDS:
                return found
        document = self._channel.read("GET", self.endpoint("jwks_uri"))
        keys = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(keys, list):
            raise ProviderUnavailable(detail="no key set")
        listed: list[Mapping[str, Any]] = [key for key in keys if isinstance(key, dict)]
        self._keys = (self._clock(), listed)
        return _find(listed, kid)


def _find(keys: list[Mapping[str, Any]], kid: str) -> Mapping[str, Any] | None:
    return next((key for key in keys if key.get("kid") == kid and key.get("use", "sig") == "sig"), None)
