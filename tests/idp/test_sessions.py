"""A session lives exactly as long as its person, office, level and times; its cookie is worth one secret."""

from __future__ import annotations

import pytest

from idp.people import records as people
from idp.people.records import EvidenceRow
from idp.sessions import records
from idp.sessions.device import device_name
from idp.sessions.ending import end_all
from idp.sessions.records import NewSession
from idp.sessions.session import Session
from store import SQL
from tests.idp.conftest import COMPANY, LI, OFFICE, House


def begin(house: House, *, acting: bool = False, id_: bytes = b"s" * 16) -> bytes:
    now = house.clock()
    new = NewSession(
        id=id_,
        secret=b"x" * 16 + id_,
        holder_key=house.holder(LI["number"]),
        acting_for=house.holder(COMPANY["number"]) if acting else None,
        office="legal_representative" if acting else None,
        factors={"pwd": now},
        device="?",
        started=now,
        idle_ends=now + 3600,
        ends=now + 7200,
    )
    house.durable.write(lambda tx: records.insert(tx, new))
    return id_


def living(house: House, id_: bytes, now: int | None = None) -> Session | None:
    at = house.clock() if now is None else now
    return house.durable.read(lambda tx: records.living(tx, id_, at))


def session(**factors: int) -> Session:
    return Session(b"s", b"h", None, None, 2, factors, 0, 0, 0)


@pytest.mark.parametrize(
    ("factors", "strength", "amr"),
    [
        ({}, 0, []),
        ({"invented": 1}, 0, ["invented"]),
        ({"pwd": 1}, 1, ["pwd"]),
        ({"pwd": 1, "pin": 2}, 1, ["pin", "pwd"]),
        ({"otp": 1, "sms": 2}, 1, ["otp", "sms"]),
        ({"pwd": 1, "otp": 2}, 2, ["otp", "pwd", "mfa"]),
        ({"hwk": 1}, 3, ["hwk"]),
    ],
)
def test_strength_and_methods(factors: dict[str, int], strength: int, amr: list[str]) -> None:
    found = session(**factors)
    assert (found.strength, found.amr) == (strength, amr)
    assert found.acr == f"urn:manyou:acr:r2-a{strength}"
    assert found.auth_time == max(factors.values(), default=0)


def test_it_lives_to_the_second(either_house: House) -> None:
    house = either_house
    house.import_rows(LI)
    id_ = begin(house)
    started = house.clock()
    assert living(house, id_) is not None
    assert living(house, id_, started + 3599) is not None
    assert living(house, id_, started + 3600) is None
    house.durable.write(lambda tx: records.touch(tx, id_, started + 59, started + 59 + 3600))
    assert living(house, id_, started + 3600) is None, "touched at most once a minute"
    house.durable.write(lambda tx: records.touch(tx, id_, started + 3599, started + 3599 + 9999))
    assert living(house, id_, started + 7199) is not None
    assert living(house, id_, started + 7200) is None
    assert house.durable.write(lambda tx: records.sweep(tx, started + 7200, 10)) == 1


@pytest.mark.parametrize("state", ["disabled", "deceased"])
def test_it_falls_with_its_person(either_house: House, state: str) -> None:
    house = either_house
    house.import_rows(LI)
    id_ = begin(house)
    house.import_rows({**LI, "state": state})
    assert living(house, id_) is None


@pytest.mark.parametrize(
    ("change", "lives"),
    [
        ({**COMPANY, "state": "歇业"}, True),
        ({**COMPANY, "state": "吊销未注销"}, True),
        ({**COMPANY, "state": "注销"}, False),
        ({**COMPANY, "state": "迁出"}, False),
        ({**OFFICE, "ends": "2026-01-01"}, False),
        ({**OFFICE, "begins": "2027-01-01"}, False),
        ({**OFFICE, "begins": "2020-01-01", "ends": "2027-01-01"}, True),
    ],
)
def test_it_falls_with_office_and_organisation(
    either_house: House, change: dict[str, str], *, lives: bool
) -> None:
    house = either_house
    house.import_rows(LI, COMPANY, OFFICE)
    holder = house.account(LI["number"], level=3)
    id_ = begin(house, acting=True)
    found = living(house, id_)
    assert found is not None
    assert (found.level, found.subject) == (3, house.holder(COMPANY["number"]))
    house.import_rows(change)
    assert (living(house, id_) is not None) is lives
    assert holder != found.subject


def test_acting_for_an_organisation_needs_r3_all_the_time(house: House) -> None:
    house.import_rows(LI, COMPANY, OFFICE)
    holder = house.holder(LI["number"])
    now = house.clock()
    house.durable.write(lambda tx: people.save_evidence(tx, EvidenceRow(holder, 3, "face", now, now + 100)))
    id_ = begin(house, acting=True)
    assert living(house, id_, now + 99) is not None
    assert living(house, id_, now + 100) is None


def test_ending_all_but_one_is_told_to_workers_and_ledger(either_house: House) -> None:
    house = either_house
    house.import_rows(LI)
    ids = [begin(house, id_=bytes([each]) * 16) for each in range(3)]
    holder, now = house.holder(LI["number"]), house.clock()
    ended = house.durable.write(lambda tx: end_all(tx, holder, "disabled", now, b"e" * 16, keep=ids[1]))
    assert ended == [ids[0], ids[2]]
    assert [living(house, each) is not None for each in ids] == [False, True, False]
    news = house.durable.read(lambda tx: tx.rows(SQL("SELECT subject FROM news WHERE kind = 'session'")))
    assert [bytes(row[0]) for row in news] == ended
    assert len(house.rows("SELECT id FROM event WHERE tag = 'idp.sessions_ended'")) == 1


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (None, "?"),
        ("curl/8", "?"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36",
            "Chrome · Linux",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1",
            "Safari · iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14) Chrome/120 Mobile Safari/537.36 MicroMessenger/8.0",
            "微信 WeChat · Android",
        ),
    ],
)
def test_devices_are_named_by_what_people_recognise(agent: str | None, name: str) -> None:
    assert device_name(agent) == name
