"""One document is one text, whatever its spelling."""

from __future__ import annotations

import pytest

from holders.numbers import read_number, readings
from manyou.identifiers import InvalidIdentifier

NOW = 1_790_000_000
RESIDENT = "11010519491231002X"


@pytest.mark.parametrize(
    "typed",
    [
        "11010519491231002x",
        " 11010519491231002X ",
        "１１０１０５１９４９１２３１００２Ｘ",
        "１１０１０５１９４９１２３１００２ｘ",
    ],
)
def test_spellings_of_one_number(typed: str) -> None:
    assert read_number("111", typed, now=NOW) == read_number("111", RESIDENT, now=NOW)


def test_fifteen_digits_look_up_the_eighteen() -> None:
    found = read_number("111", "110105491231002", now=NOW)
    assert (found.text, found.look_up_only) == (RESIDENT, True)
    assert found.space == read_number("111", RESIDENT, now=NOW).space


@pytest.mark.parametrize(
    ("typed", "document_type"),
    [
        ("810000199408230021", "551"),
        ("830000199001010012", "552"),
        ("935840199001010015", "999"),
        (RESIDENT, "111"),
    ],
)
@pytest.mark.parametrize("said", ["111", "551", "552", "999"])
def test_the_number_says_which_document_it_is_from(typed: str, document_type: str, said: str) -> None:
    assert read_number(said, typed, now=NOW).document_type == document_type


@pytest.mark.parametrize(
    ("document_type", "typed"),
    [
        ("111", "110105194912310021"),
        ("111", "350102190002290012"),
        ("111", "3501021990030774"),
        ("111", ""),
        ("001", "91350000MADEM00031"),
        ("001", RESIDENT),
        ("414", "E1"),
        ("111 ", RESIDENT),
        ("xyz", RESIDENT),
        ("414", "E" * 200),
    ],
)
def test_what_is_no_number_of_the_type(document_type: str, typed: str) -> None:
    with pytest.raises(InvalidIdentifier):
        read_number(document_type, typed, now=NOW)


def test_what_a_typed_number_may_be() -> None:
    assert [each.document_type for each in readings(RESIDENT, now=NOW)] == ["111"]
    assert [each.document_type for each in readings("91350000MADEM00030", now=NOW)] == ["001"]
    assert [each.document_type for each in readings("110105491231002", now=NOW)] == ["111"]
    assert [each.document_type for each in readings("e12345678", now=NOW)] == ["414", "511", "516", "999"]
    assert readings("", now=NOW) == []
    assert readings("x", now=NOW) == []
