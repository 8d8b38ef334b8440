"""A source whose answers lie in our store, sealed, as it gave them: the demo's police."""

from __future__ import annotations

import msgspec

from eLicense.ports import SourceAnswer
from holders import Register
from store import SQL, Durable, Tx

__all__ = ["SourceTable"]

_LABEL = "source-answer"
_PUT = SQL("""
    INSERT INTO source_answer (source, type, holder_key, answer) VALUES (:source, :type, :holder_key, :answer)
    ON CONFLICT (source, type, holder_key) DO UPDATE SET answer = :answer""")
_FIND = SQL("""
    SELECT answer FROM source_answer WHERE source = :source AND type = :type AND holder_key = :holder_key""")


class SourceTable:
    """Implements ``LicenceSource`` over the table ``source_answer``."""

    def __init__(self, name: str, title: tuple[str, str], durable: Durable, register: Register) -> None:
        self._name = name
        self._title = title
        self._durable = durable
        self._register = register

    @property
    def name(self) -> str:
        """As the catalogue names it."""
        return self._name

    @property
    def title(self) -> tuple[str, str]:
        """Who answers, in Chinese and English."""
        return self._title

    def load(self, type_code: str, document_type: str, number: str, answer: SourceAnswer) -> None:
        """Take over what the source said of a holder, enrolled where new; safe to repeat.

        Raises:
            InvalidIdentifier: no number of that document type.

        """
        holder_key = self._register.enrol(document_type, number, f"answered by {self._name}").holder_key
        sealed = self._register.fields(holder_key).seal(_LABEL, msgspec.json.encode(answer).decode())

        def work(tx: Tx) -> None:
            tx.run(_PUT, source=self._name, type=type_code, holder_key=holder_key, answer=sealed)

        self._durable.write(work)

    def ask(self, type_code: str, holder_key: bytes, now: int) -> SourceAnswer | None:
        """The answer on file, as if given now: a table is asked afresh each time."""
        row = self._durable.read(
            lambda tx: tx.row(_FIND, source=self._name, type=type_code, holder_key=holder_key)
        )
        if row is None:
            return None
        text = self._register.fields(holder_key).open(_LABEL, row[0])
        answer = msgspec.json.decode(text, type=_Stored)
        return SourceAnswer(**{**msgspec.structs.asdict(answer), "at": now})


class _Stored(msgspec.Struct):
    number: str
    issuer: str
    name: str
    valid_from: str
    valid_until: str
    fields: dict[str, str]
    at: int
