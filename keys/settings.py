"""Settings of the key room."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["KeySettings"]

_FEED_AGE_LIMIT = 2
"""Seconds a worker may lag behind the feed and still answer; a key must be published for longer than that."""


@dataclass(frozen=True, slots=True)
class KeySettings:
    """Where the master key lies, what deployment this is, and how long keys live beside each other.

    Attributes:
        master_key_file: 64 hexadecimal digits, mode 0600, owned by the user the service runs as.
        deployment: lasting name of this deployment; values of one never pass in another.
        issuer: the provider's issuer URL; bound into sealed values only (it may change, fields must not).
        environment: ``production`` or ``development``; only the latter may create a master key.
        publish_ahead: seconds a key is published before it signs; at least the JWKS answer's ``max-age``.
        retire_after: seconds a replaced signing key still verifies; at least the longest signed token's life.
        retire_seal_after: the same for sealed values; at least the longest life of a refresh token's family.
    """

    master_key_file: Path
    deployment: str
    issuer: str
    environment: str = "production"
    publish_ahead: int = 3_600
    retire_after: int = 86_400
    retire_seal_after: int = 400 * 86_400

    def __post_init__(self) -> None:
        """Refuse what would lose tokens; all faults at once.

        Raises:
            ValueError: naming every setting that is wrong.
        """
        faults = []
        if not self.deployment:
            faults.append("deployment: must not be empty")
        if not self.issuer:
            faults.append("issuer: must not be empty")
        if self.environment not in {"production", "development"}:
            faults.append("environment: 'production' or 'development'")
        if self.publish_ahead <= _FEED_AGE_LIMIT:
            faults.append(f"publish_ahead: more than {_FEED_AGE_LIMIT} seconds, or workers meet unknown keys")
        if min(self.retire_after, self.retire_seal_after) < 1:
            faults.append("retire_after, retire_seal_after: at least 1 second")
        if faults:
            raise ValueError("; ".join(faults))
