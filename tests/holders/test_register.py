"""From numbers to holders: found, corrected, merged, erased; on both engines."""

from __future__ import annotations

import pytest

from holders import AliasTaken, HolderErased, LookUpOnly, NoSuchHolder, NotMergeable, Register, records
from keys import SealBroken
from manyou.identifiers import InvalidIdentifier
from store import SQL, Durable, Feed
from tests.conftest import ManualClock

NUMBER = "350000199001010018"
OTHER = "35000019850615002X"
WRONG, CORRECTED = "350000197809090066", "350000197809080060"
COMPANY = "91350000MADEM00030"


def tags(durable: Durable) -> list[str]:
    rows = durable.read(
        lambda tx: tx.rows(SQL("SELECT tag FROM event WHERE tag LIKE 'holder.%' ORDER BY tag"))
    )
    return [row[0] for row in rows]


def test_a_holder_begins_once(register: Register, durable: Durable) -> None:
    first = register.enrol("111", NUMBER, "registry import")
    again = register.enrol("111", " 35000019900101001８", "registry import")
    assert (first.created, again.created) == (True, False)
    assert first.holder_key == again.holder_key
    assert len(first.holder_key) == 16
    assert register.find("111", NUMBER) == first.holder_key
    assert register.find("111", OTHER) is None
    assert tags(durable) == ["holder.enrolled"]


def test_kinds_follow_the_document(register: Register, durable: Durable) -> None:
    for document_type, number, kind in (("111", NUMBER, "person"), ("001", COMPANY, "organisation")):
        key = register.enrol(document_type, number, "registry import").holder_key
        row = durable.read(lambda tx, key=key: records.holder(tx, key))  # type: ignore[misc]
        assert row is not None
        assert row.kind == kind


def test_fifteen_digits_find_and_never_begin(register: Register) -> None:
    with pytest.raises(LookUpOnly):
        register.enrol("111", "110105491231002", "old file")
    assert register.find("111", "110105491231002") is None
    key = register.enrol("111", "11010519491231002x", "registry import").holder_key
    assert register.find("111", "110105491231002") == key
    assert not register.enrol("111", "110105491231002", "old file").created


def test_a_bad_number_changes_nothing(register: Register, durable: Durable) -> None:
    with pytest.raises(InvalidIdentifier):
        register.enrol("111", "350000199001010019", "registry import")
    assert durable.read(lambda tx: tx.rows(SQL("SELECT holder_key FROM holder"))) == []


def test_further_numbers(register: Register, durable: Durable) -> None:
    key = register.enrol("111", NUMBER, "registry import").holder_key
    other = register.enrol("111", OTHER, "registry import").holder_key
    assert register.add_alias(key, "414", "E12345678", "passport shown")
    assert not register.add_alias(key, "414", "e12345678", "passport shown")
    assert register.find("414", "Ｅ12345678") == key
    with pytest.raises(AliasTaken):
        register.add_alias(other, "414", "E12345678", "passport shown")
    found = durable.read(lambda tx: records.aliases_of(tx, key))
    assert {alias.document_type for alias in found} == {"111", "414"}
    assert tags(durable) == ["holder.alias_added", "holder.enrolled", "holder.enrolled"]


def test_a_corrected_number(register: Register, durable: Durable, clock: ManualClock) -> None:
    key = register.enrol("111", WRONG, "registry import").holder_key
    clock.advance(10)
    register.add_alias(key, "111", CORRECTED, "correction by the police")
    assert register.end_alias(key, "111", WRONG)
    assert not register.end_alias(key, "111", WRONG)
    assert register.find("111", WRONG) is None
    assert register.find("111", CORRECTED) == key
    # a licence that names the old number is still this holder's
    alias = register.alias("111", WRONG)
    assert durable.read(lambda tx: records.find_ever(tx, alias)) == key
    # and whom the number rightly belongs to may begin with it
    rightful = register.enrol("111", WRONG, "registry import")
    assert rightful.created
    assert durable.read(lambda tx: records.find_ever(tx, alias)) == rightful.holder_key


def test_two_files_become_one(register: Register, durable: Durable) -> None:
    kept = register.enrol("111", NUMBER, "registry import").holder_key
    gone = register.enrol("414", "E12345678", "passport shown").holder_key
    older = register.enrol("414", "D00000001", "passport shown").holder_key
    register.merge(older, gone)
    register.merge(gone, kept)
    for number in ("E12345678", "D00000001"):
        assert register.find("414", number) == kept
    assert set(durable.read(lambda tx: records.family(tx, kept))) == {kept, gone, older}
    for pair in ((gone, kept), (kept, gone), (kept, kept)):
        with pytest.raises(NotMergeable):
            register.merge(*pair)


def test_an_erased_holder_is_gone(register: Register, durable: Durable) -> None:
    key = register.enrol("111", NUMBER, "registry import").holder_key
    sealed = register.fields(key).seal("name", "张三")
    feed = Feed(durable)
    told: list[bytes | None] = []
    feed.subscribe("holder", told.append)
    feed.poll()
    assert register.erase(key)
    assert not register.erase(key)
    feed.poll()
    assert [bytes(subject or b"") for subject in told] == [key]
    with pytest.raises(HolderErased):
        register.fields(key).open("name", sealed)
    assert register.find("111", NUMBER) is None
    row = durable.read(lambda tx: records.holder(tx, key))
    assert row is not None
    assert row.wrapped_key is None
    assert register.enrol("111", NUMBER, "registry import").holder_key != key


def test_nobody_has_no_fields(register: Register) -> None:
    with pytest.raises(NoSuchHolder):
        register.fields(b"n" * 16)


def test_fields_open_for_their_holder_and_label(register: Register) -> None:
    one = register.fields(register.enrol("111", NUMBER, "registry import").holder_key)
    two = register.fields(register.enrol("111", OTHER, "registry import").holder_key)
    sealed = one.seal("name", "䶮𬭎·阿依古丽")
    assert one.open("name", sealed) == "䶮𬭎·阿依古丽"
    assert one.seal("name", "x") != one.seal("name", "x")
    for fields, label, value in (
        (two, "name", sealed),
        (one, "mobile", sealed),
        (one, "name", sealed[:-1]),
        (one, "name", b"\x02" + sealed[1:]),
        (one, "name", b""),
    ):
        with pytest.raises(SealBroken):
            fields.open(label, value)


def test_fields_of_a_newcomer(register: Register, durable: Durable, clock: ManualClock) -> None:
    alias = register.alias("111", NUMBER)
    new = register.newcomer(alias)
    sealed = register.fields_of(new).seal("name", "张三")
    durable.write(lambda tx: records.enrol(tx, new, alias, "registry import", clock()))
    assert register.fields(new.holder_key).open("name", sealed) == "张三"
    register.forget(None)
    assert durable.read(lambda tx: register.fields_in(tx, new.holder_key)).open("name", sealed) == "张三"


def test_nothing_prints_a_number(register: Register) -> None:
    assert NUMBER not in repr(register.alias("111", NUMBER))
