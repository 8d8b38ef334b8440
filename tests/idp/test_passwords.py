"""Which passwords are refused; hashing is bounded and takes as long for unknown accounts as for known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from argon2 import extract_parameters

from idp.errors import HashingBusy, PasswordRefused
from idp.factors.password import RESERVED, Passwords, prepared
from idp.factors.settings import PasswordSettings

NUMBER = "35000019850615002X"


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    found = Passwords(PasswordSettings())
    yield found
    found.close()


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short12", "short"),
        ("十个字以内", "short"),
        ("x" * 257, "long"),
        ("password123", "common"),
        ("PassWord123", "common"),
        ("woaini1314", "common"),
        ("11112222", "common"),
        (NUMBER, "own_number"),
        (NUMBER.lower(), "own_number"),
        ("19850615 is my day", "own_number"),
        ("5002x350000", None),
        ("八个汉字可以作密码", None),
        ("correct horse battery", None),
    ],
)
def test_what_others_would_guess_is_refused(passwords: Passwords, password: str, why: str | None) -> None:
    if why is None:
        passwords.judge(password, number=NUMBER)
        return
    with pytest.raises(PasswordRefused) as refused:
        passwords.judge(password, number=NUMBER)
    assert refused.value.why == why


def test_one_password_for_every_keyboard() -> None:
    assert prepared("e\u0301") == prepared("\u00e9")


def test_hash_and_verify(passwords: Passwords) -> None:
    stored = passwords.hash("correct horse battery")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.verify(stored, "correct horse battery")
    assert not passwords.verify(stored, "correct horse batterie")
    assert not passwords.verify(None, "nobody has this password")
    assert not passwords.verify("not a hash", "correct horse battery")


def test_an_unknown_account_takes_the_work_of_a_known_one(passwords: Passwords) -> None:
    stored = passwords.hash("correct horse battery")
    assert not passwords.verify(None, "wrong password")
    beside = passwords._dummy  # what a password is compared with where there is no account
    assert beside is not None
    assert extract_parameters(beside) == extract_parameters(stored)


def test_a_flood_is_refused_instead_of_queued() -> None:
    passwords = Passwords(PasswordSettings(threads=1, waiting=1))
    with ExitStack() as inside:
        for _ in range(2):
            inside.enter_context(passwords.room(stranger=True))
        with pytest.raises(HashingBusy), passwords.room(stranger=True):
            pass
    with passwords.room(stranger=True):
        assert not passwords.verify(None, "x")
    passwords.close()


def test_a_flood_of_strangers_keeps_nobody_out_who_is_known() -> None:
    passwords = Passwords(PasswordSettings(threads=1, waiting=3))
    with ExitStack() as inside:
        for _ in range(4):
            inside.enter_context(passwords.room(stranger=True))
        for _ in range(50):
            with pytest.raises(HashingBusy), passwords.room(stranger=True):
                pass
        for _ in range(RESERVED):
            inside.enter_context(passwords.room())
        with pytest.raises(HashingBusy), passwords.room():
            pass
    with passwords.room(stranger=True), passwords.room():
        pass
    passwords.close()
