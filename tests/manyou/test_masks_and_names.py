from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyou.identifiers import NameMatch, compare_names, fold_name, mask_mobile, mask_name, mask_number
from tests.vectors.frozen import read

VECTORS: list[dict[str, Any]] = read("identifiers-and-sm.json")["masking_suggested"]
MASKS = {"resident id": mask_number, "name": mask_name, "mobile": mask_mobile}


@pytest.mark.parametrize("row", [row for row in VECTORS if "leaks" not in row.get("note", "")])
def test_masked(row: dict[str, str]) -> None:
    assert MASKS[row["kind"]](row["in"]) == row["out"]


def test_the_leaking_mask_is_not_ours() -> None:
    (leaking,) = (row for row in VECTORS if "leaks" in row.get("note", ""))
    assert mask_number(leaking["in"]) != leaking["out"]


@pytest.mark.parametrize(
    ("name", "masked"),
    [("王", "*"), ("", ""), ("王伟", "王*"), ("𬭎铁山", "𬭎**"), ("Étienne Müller-Lüdenscheid", "É********")],
)
def test_masked_name(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@given(st.text())
def test_a_masked_name_fits_into_a_code(name: str) -> None:
    masked = mask_name(name)
    assert len(masked.encode()) <= 12
    assert set(masked[1:]) <= {"*"}


@pytest.mark.parametrize(
    ("number", "masked"),
    [("", ""), ("123", "***"), ("1234", "1**4"), ("91350000MADEM00030", "9" + "*" * 16 + "0")],
)
def test_masked_number(number: str, masked: str) -> None:
    assert mask_number(number) == masked


@pytest.mark.parametrize(
    ("mobile", "masked"), [("", ""), ("1234", "****"), ("85212345678901", "*" * 12 + "01")]
)
def test_masked_mobile_of_another_length(mobile: str, masked: str) -> None:
    assert mask_mobile(mobile) == masked


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("阿卜杜拉·买买提", "阿卜杜拉‧买买提"),
        ("阿卜杜拉·买买提", "阿卜杜拉 • 买买提"),
        ("SMITH JOHN", "Smith  John"),
        ("Ｓｍｉｔｈ", "smith"),
        ("欧阳 小明", "欧阳小明"),
        ("Mu\u0308ller", "Müller"),
        ("阿卜杜拉．买买提", "阿卜杜拉·买买提"),
        ("\u1100 \u1161", "\uac00"),
        ("呂布", "吕布"),
        ("䶮", "䶮"),
    ],
)
def test_spellings_of_one_name(one: str, other: str) -> None:
    assert compare_names(one, other) is NameMatch.SAME
    assert fold_name(one) == fold_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("阿卜杜拉·买买提", "阿卜杜拉买买提"),
        ("欧阳小明", "欧阳小朋"),
        ("欧阳小明", "欧阳明"),
        ("王伟", "王玮"),
        ("SMITH JOHN", "SMITHJOHN"),
    ],
)
def test_a_near_miss_goes_to_a_counter(one: str, other: str) -> None:
    assert compare_names(one, other) is NameMatch.NEAR
    assert compare_names(other, one) is NameMatch.NEAR


@pytest.mark.parametrize(
    ("one", "other"),
    [("王伟", "李娜"), ("", ""), (" ", "王"), ("王", "李"), ("欧阳小明", "欧小"), ("张三", "张三丰收")],
)
def test_different_names(one: str, other: str) -> None:
    assert compare_names(one, other) is NameMatch.DIFFERENT


@given(st.text(max_size=20))
def test_folding_twice_is_folding_once(name: str) -> None:
    assert fold_name(fold_name(name)) == fold_name(name)
