"""Status lists as tokens: made when asked for, kept until something changes or a minute has passed."""

from __future__ import annotations

from typing import Final

from eLicense.addresses import status_uri
from eLicense.errors import NoSuchStatusList
from eLicense.licences.states import State, bits, state_at
from eLicense.ports import Ports
from eLicense.settings import LicenceSettings
from eLicense.status import records
from manyou.status import Status, StatusBits, claims
from store import Tx

__all__ = ["StatusLists"]

_KEPT_SECONDS: Final = 60
"""Validity ends by the clock too, without news."""


class StatusLists:
    """The lists of this worker."""

    def __init__(self, settings: LicenceSettings, ports: Ports) -> None:
        self._settings = settings
        self._ports = ports
        self._kept: dict[int, tuple[str, int]] = {}
        self._news = 0
        ports.feed.subscribe(records.NEWS, self._forget)

    def token(self, number: int, now: int) -> str:
        """The list as a JWT of typ ``statuslist+jwt``.

        Raises:
            NoSuchStatusList: none of that number.

        """
        kept = self._kept.get(number)
        if kept is not None and self._ports.feed.fresh() and 0 <= now - kept[1] < _KEPT_SECONDS:
            return kept[0]
        news = self._news
        token = self._make(number, now)
        if news == self._news:
            self._kept[number] = (token, now)
        return token

    def addresses(self) -> list[str]:
        """Every list's address, for the aggregation endpoint."""
        numbers = self._ports.durable.read(records.all_lists)
        return [status_uri(self._settings, number) for number in numbers]

    def _make(self, number: int, now: int) -> str:
        # Taken before the entries are read: a later token never carries an earlier time.
        iat = self._ports.durable.write(lambda tx: records.issued_at(tx, number, now))
        if iat is None:
            raise NoSuchStatusList

        def work(tx: Tx) -> tuple[records.ListRow | None, list[tuple[int, str, int]]]:
            return records.find(tx, number), records.deviations(tx, number, now)

        row, deviations = self._ports.durable.read(work)
        if row is None:
            raise NoSuchStatusList
        entries = StatusBits(row.size)
        for index, recorded, ends in deviations:
            entries[index] = Status(bits(state_at(State(recorded), ends, now)))
        made = claims(
            status_uri(self._settings, number),
            entries.packed(),
            iat=iat,
            exp=iat + self._settings.status_life,
            ttl=self._settings.status_ttl,
            version=row.version,
        )
        return self._ports.keys.sign_jwt("status", made, typ="statuslist+jwt")

    def _forget(self, _subject: bytes | None) -> None:
        self._news += 1
        self._kept.clear()
