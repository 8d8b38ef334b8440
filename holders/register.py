"""The register: from document numbers to holder_key, and to each holder's sealed fields.

Blind indexes, data keys and seals are computed here, outside works; the works themselves are in
:mod:`holders.records`.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from holders import records
from holders.errors import HolderErased, NoSuchHolder, NotMergeable
from holders.events import AliasAdded, AliasEnded, HolderEnrolled, HolderErasure, HoldersMerged
from holders.fields import DATA_KEY_BYTES, Fields
from holders.numbers import Number, read_number, readings
from holders.records import Alias, Enrolled, NewHolder, SealedAlias
from keys import Keys
from manyou.identifiers import ORGANISATION_CODE_TYPES
from store import Durable, Tx, publish

__all__ = ["NEWS", "NUMBER_LABEL", "Register", "build"]

NEWS: Final = "holder"
"""The feed's kind of news: this holder's data key changed or is gone."""
NUMBER_LABEL: Final = "number"
_INDEX: Final = "holder"
_HOLDER_KEY_BYTES: Final = 16
_CACHED: Final = 10_000


class Register:
    """See the module; build with :func:`build`."""

    def __init__(self, durable: Durable, keys: Keys, clock: Callable[[], int]) -> None:
        """Keep what is needed; nothing is read yet."""
        self._durable = durable
        self._keys = keys
        self._clock = clock
        self._cache: OrderedDict[bytes, Fields] = OrderedDict()
        self._forgotten = 0

    # numbers

    def alias(self, document_type: str, number: str) -> Alias:
        """A number in any spelling, as the register looks for it.

        Raises:
            InvalidIdentifier: no number of that type (GB/T 36903 annex A).
        """
        return self._alias(read_number(document_type, number, now=self._clock()))

    def aliases(self, number: str) -> list[Alias]:
        """What a number may be when its type was not given, likeliest first; empty for no number at all."""
        return [self._alias(each) for each in readings(number, now=self._clock())]

    def _alias(self, number: Number) -> Alias:
        indexes = self._keys.blind_indexes(_INDEX, f"{number.space}\n{number.text}")
        return Alias(number.document_type, tuple(indexes), number.text, number.look_up_only)

    def newcomer(self, alias: Alias) -> NewHolder:
        """A holder about to begin with this number: give it to :func:`holders.records.enrol`."""
        holder_key = os.urandom(_HOLDER_KEY_BYTES)
        data_key = os.urandom(DATA_KEY_BYTES)
        kind = "organisation" if alias.document_type in ORGANISATION_CODE_TYPES else "person"
        return NewHolder(
            holder_key=holder_key,
            kind=kind,
            wrapped_key=self._keys.wrap(data_key, holder_key),
            wrapped_by=self._keys.wraps_with(),
            alias_id=os.urandom(_HOLDER_KEY_BYTES),
            sealed_number=Fields(holder_key, data_key).seal(NUMBER_LABEL, alias.number),
            event=HolderEnrolled(kind, alias.document_type).event(holder_key, self._clock()),
        )

    def further(self, holder_key: bytes, alias: Alias) -> SealedAlias:
        """A further number of a holder: give it to :func:`holders.records.add_alias`.

        Raises:
            NoSuchHolder, HolderErased: there is nobody to give it to.
        """
        return SealedAlias(
            holder_key=holder_key,
            alias=alias,
            alias_id=os.urandom(_HOLDER_KEY_BYTES),
            sealed_number=self.fields(holder_key).seal(NUMBER_LABEL, alias.number),
            event=AliasAdded(alias.document_type).event(holder_key, self._clock()),
        )

    # whole acts

    def find(self, document_type: str, number: str) -> bytes | None:
        """The holder_key that a number leads to, or None."""
        alias = self.alias(document_type, number)
        return self._durable.read(lambda tx: records.find(tx, alias, self._clock()))

    def enrol(self, document_type: str, number: str, evidence: str) -> Enrolled:
        """Begin a holder by a number, or find the one it leads to; safe to repeat and to race.

        Raises:
            InvalidIdentifier: no number of that type.
            LookUpOnly: a number of 15 digits that leads to nobody.
        """
        alias, now = self.alias(document_type, number), self._clock()
        new = self.newcomer(alias)
        return self._durable.write(lambda tx: records.enrol(tx, new, alias, evidence, now))

    def add_alias(self, holder_key: bytes, document_type: str, number: str, evidence: str) -> bool:
        """Let a further number lead to a holder; False when it does already.

        Raises:
            AliasTaken: it leads to another holder.
        """
        sealed, now = self.further(holder_key, self.alias(document_type, number)), self._clock()
        return self._durable.write(lambda tx: records.add_alias(tx, sealed, evidence, now))

    def end_alias(self, holder_key: bytes, document_type: str, number: str) -> bool:
        """Let a number lead to the holder no more; records that name it still find them by ``find_ever``."""
        alias, now = self.alias(document_type, number), self._clock()
        event = AliasEnded(alias.document_type).event(holder_key, now)
        return self._durable.write(lambda tx: records.end_alias(tx, holder_key, alias, event, now))

    def merge(self, gone: bytes, into: bytes) -> None:
        """Make two files one: the numbers of ``gone`` lead to ``into``, records stay where they are.

        Read the whole file through :func:`holders.records.family`.

        Raises:
            NotMergeable: the same file, or one that is merged or erased already.
        """
        now = self._clock()
        event = HoldersMerged(gone.hex()).event(into, now)
        if gone == into:
            raise NotMergeable
        old = self.fields(gone)
        rows = self._durable.read(lambda tx: records.aliases_of(tx, gone))
        moved = [
            self.further(into, self.alias(row.document_type, old.open(NUMBER_LABEL, row.sealed_number)))
            for row in rows
            if row.valid_to is None
        ]
        if not self._durable.write(lambda tx: records.merge(tx, gone, into, moved, event, now)):
            raise NotMergeable

    def erase(self, holder_key: bytes) -> bool:
        """Delete a holder's data key and aliases; what was sealed under it is unreadable for ever.

        Backups made before hold it still, under the field ring: their term is the erasure's term.
        """
        now = self._clock()
        event = HolderErasure().event(holder_key, now)

        def work(tx: Tx) -> bool:
            done = records.erase(tx, holder_key, event, now)
            if done:
                publish(tx, NEWS, holder_key, now)
            return done

        done = self._durable.write(work)
        self.forget(holder_key)
        return done

    # fields

    def fields(self, holder_key: bytes) -> Fields:
        """The holder's fields; this worker keeps the data keys of the last 10,000 holders asked for.

        Raises:
            NoSuchHolder, HolderErased.
        """
        found = self._cache.get(holder_key)
        if found is None:
            found = self._durable.read(lambda tx: self.fields_in(tx, holder_key))
        else:
            self._touch(holder_key)
        return found

    def fields_in(self, tx: Tx, holder_key: bytes) -> Fields:
        """The same inside a work that has a transaction already.

        Raises:
            NoSuchHolder, HolderErased.
        """
        found = self._cache.get(holder_key)
        if found is not None:
            return found
        forgotten = self._forgotten
        row = records.holder(tx, holder_key)
        if row is None:
            raise NoSuchHolder
        if row.wrapped_key is None:
            raise HolderErased
        found = Fields(holder_key, self._keys.unwrap(row.wrapped_key, holder_key))
        if forgotten == self._forgotten:  # what was forgotten meanwhile may be this very holder, erased
            self._cache[holder_key] = found
        while len(self._cache) > _CACHED:
            self._cache.popitem(last=False)
        return found

    def fields_of(self, new: NewHolder) -> Fields:
        """The fields of a holder about to begin."""
        return Fields(new.holder_key, self._keys.unwrap(new.wrapped_key, new.holder_key))

    def forget(self, holder_key: bytes | None) -> None:
        """Drop the unwrapped data key, or (None) all: subscribe it to the feed's news of kind ``holder``."""
        self._forgotten += 1
        if holder_key is None:
            self._cache.clear()
        else:
            self._cache.pop(holder_key, None)

    def _touch(self, holder_key: bytes) -> None:
        try:
            self._cache.move_to_end(holder_key)
        except KeyError:  # another thread dropped it meanwhile; what we hold is still right
            return


def build(durable: Durable, keys: Keys, clock: Callable[[], int]) -> Register:
    """The register over a store and its keys."""
    return Register(durable, keys, clock)
