"""A data key that is being read while its holder is erased is not kept."""

from __future__ import annotations

from typing import Any

import pytest

from holders import HolderErased, Register
from store import SQL, Durable, Row, Tx

_ERASE = SQL("UPDATE holder SET wrapped_key = NULL, wrapped_by = NULL, erased_at = 1 WHERE holder_key = :key")


class _Overtaken:
    """A reader whose row was fetched just before somebody else's erasure took place."""

    def __init__(self, tx: Tx, then: Any) -> None:
        self._tx = tx
        self._then = then

    def row(self, sql: SQL, /, **p: Any) -> Row | None:
        found = self._tx.row(sql, **p)
        self._then()
        return found


def test_a_key_read_before_an_erasure_is_not_remembered_after_it(
    register: Register, durable: Durable
) -> None:
    key = register.enrol("414", "E00000001", "x").holder_key
    register.forget(None)
    erased: list[bool] = []

    def look(tx: Tx) -> None:
        register.fields_in(_Overtaken(tx, lambda: register.forget(key)), key)  # type: ignore[arg-type]

    durable.read(look)  # another worker's erasure was told to us while we read
    durable.write(lambda tx: erased.append(tx.run(_ERASE, key=key) == 1))
    assert erased == [True]
    with pytest.raises(HolderErased):
        register.fields(key)
