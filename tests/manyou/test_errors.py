from __future__ import annotations

import re

import pytest

import manyou.codes
import manyou.identifiers
import manyou.licences
import manyou.offline
import manyou.status
from manyou.errors import STATUS, Conflict, Problem, TooMany, Unavailable, problem_for


def family(category: type[Problem] = Problem) -> list[type[Problem]]:
    return [category, *(below for child in category.__subclasses__() for below in family(child))]


FORMATS = (manyou.codes, manyou.identifiers, manyou.licences, manyou.offline, manyou.status)
OURS = [each for each in family() if each.__module__.startswith("manyou.")]


@pytest.mark.parametrize("problem", OURS, ids=lambda each: each.__name__)
def test_a_problem_has_a_stable_code_and_says_what_to_mend(problem: type[Problem]) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", problem.code)
    assert problem.mend.isascii()
    assert re.fullmatch(r"[A-Z].*\.", problem.mend)


def test_the_detail_is_for_the_log() -> None:
    assert str(Conflict()) == "conflict"
    assert str(Conflict(detail="row 7")) == "conflict: row 7"
    assert Conflict(detail="row 7").mend == Conflict.mend


@pytest.mark.parametrize("category", [TooMany, Unavailable])
def test_when_to_come_back(category: type[TooMany | Unavailable]) -> None:
    assert category(retry_after=7).retry_after == 7
    assert category(retry_after=0).retry_after == 1
    assert category().retry_after == 1


@pytest.mark.parametrize("status", STATUS)
def test_a_caller_raises_what_was_answered(status: int) -> None:
    category = STATUS[status]
    assert type(problem_for(status, category.code)) is category
    unknown = problem_for(status, "not_known_here", detail="x")
    assert isinstance(unknown, category)
    assert (unknown.code, unknown.detail) == ("not_known_here", "x")
    assert category.code != "not_known_here"


def test_an_exact_class_is_found_again() -> None:
    assert type(problem_for(400, "code_expired")) is manyou.codes.CodeExpired
    assert type(problem_for(418, "teapot")) is Problem
