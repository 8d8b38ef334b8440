from __future__ import annotations

from dataclasses import replace

import pytest

from keys import Keys
from manyou.codes import parse
from manyou.identifiers import InvalidUscc, Uscc
from qr import LicenceFacts, Minted, Minter, organisation_shown, person_shown
from tests.conftest import ManualClock

URL = "HTTPS://V.EXAMPLE.GOV.CN/V/"


def test_a_code_says_the_licences_facts(minted: Minted, facts: LicenceFacts, clock: ManualClock) -> None:
    code = parse(minted.url).payload
    assert (code.issuer, code.type, code.licence, code.holder) == (300, 44, facts.licence, "欧***")
    assert (code.list, code.index, code.nonce) == (3, 70_000, b"\xde\xad\xbe\xef")
    assert (code.issued_at, code.ends) == (minted.issued_at, minted.ends) == (clock(), clock() + 60)


def test_the_url_is_the_verifiers_page_and_the_digits(minted: Minted) -> None:
    assert minted.url == URL + minted.digits
    assert minted.url_prefix == URL
    assert minted.digits.isdecimal()
    assert parse(minted.digits) == parse(minted.url)


def test_two_phones_in_one_second_show_two_codes(
    minter: Minter, facts: LicenceFacts, ring: Keys, clock: ManualClock
) -> None:
    signer = ring.signer("code")
    one, other = (parse(minter.mint(facts, signer, clock(), nonce).digits) for nonce in (b"aaaa", b"bbbb"))
    assert one.payload_bytes != other.payload_bytes


def test_an_organisation_is_shown_by_its_code() -> None:
    assert Uscc.unpack(organisation_shown("91350000MADEM00030")).text == "91350000MADEM00030"
    with pytest.raises(InvalidUscc):
        organisation_shown("91350000MADEM00031")


def test_a_person_is_never_shown_by_the_full_name(
    minter: Minter, facts: LicenceFacts, ring: Keys, clock: ManualClock
) -> None:
    assert person_shown("欧阳小明") == "欧***"
    with pytest.raises(ValueError, match="masked name"):
        minter.mint(replace(facts, holder="阿卜杜拉·买买提"), ring.signer("code"), clock(), b"aaaa")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "HTTPS://V.EXAMPLE.GOV.CN/",
        "https://v.example.gov.cn/V/",
        "HTTP://V.EXAMPLE.GOV.CN/V/",
        "HTTP://127.0.0.1.EXAMPLE.CN/V/",
        "HTTPS://V.EXAMPLE.GOV.CN/V/?",
        "HTTPS://[::1]/V/",
    ],
)
def test_another_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="verifier_url"):
        Minter("test", url, 60)


@pytest.mark.parametrize(
    "url", ["HTTP://127.0.0.1:8000/V/", "HTTP://LOCALHOST:8000/V/", "HTTPS://A.CN:8443/V/"]
)
def test_plain_http_is_for_this_machine(url: str) -> None:
    Minter("test", url, 60)


@pytest.mark.parametrize("seconds", [0, -1, 601])
def test_a_code_does_not_live_for_ever(seconds: int) -> None:
    with pytest.raises(ValueError, match="seconds"):
        Minter("test", URL, seconds)
