"""Registry files: both forms, Chinese terms, rare characters, bad lines told, safe to repeat."""

from __future__ import annotations

from pathlib import Path

import pytest

from idp.errors import RegistryFileUnreadable
from idp.people import records
from idp.people.person import OrganisationStatus, PersonState
from tests.idp.conftest import COMPANY, LI, OFFICE, OUYANG, House

CSV = """\ufeffkind,document_type,number,name,mobile,state,organisation,role,begins,ends
person,,350000199001010018,李小明,13800138000,,,,,
person,111,35000019850615002x,欧阳娜,+86 139-0013-9001,正常,,,,
person,,350000199205050097,𬭎䶮,,,,,,
person,516,H12345678,陳大文,+85291234567,,,,,
organisation,,91350000MADEM00030,"福建漫游
食品有限公司",,存续,,,,
organisation,,91350000MADEM002XJ,福州旧事酒家,,吊销未注销,,,,
office,,350000199001010018,,,,91350000MADEM00030,法定代表人,2020-01-01,
office,516,H12345678,,,,91350000MADEM002XJ,liquidator,,
"""


def write(house: House, text: str | bytes, name: str = "registry.csv") -> Path:
    file = house.folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_csv_goes_in_and_again_changes_nothing(either_house: House) -> None:
    house = either_house
    file = write(house, CSV.replace("\n食品", "食品"))
    report = house.provider.registry.run(file, house.clock())
    assert (report.new, report.changed, report.same, report.bad) == (8, 0, 0, [])
    report = house.provider.registry.run(file, house.clock.advance(100))
    assert (report.new, report.changed, report.same, report.bad) == (0, 0, 8, [])

    rare = house.provider.facts.person(house.holder("350000199205050097"), house.clock())
    assert rare is not None
    assert (rare.name, rare.mobile, rare.level, rare.document_type) == ("𬭎䶮", None, 0, "111")
    ouyang = house.provider.facts.person(house.holder("35000019850615002X"), house.clock())
    assert ouyang is not None
    assert ouyang.mobile == "13900139001"
    revoked = house.provider.facts.organisation(house.holder("91350000MADEM002XJ"))
    assert revoked is not None
    assert revoked.status is OrganisationStatus.REVOKED


def test_changed_rows_change_and_are_told(either_house: House) -> None:
    house = either_house
    house.import_rows(LI, COMPANY, OFFICE)
    report = house.import_rows(
        {**LI, "mobile": "13800138111", "state": "死亡"},
        {**COMPANY, "state": "注销"},
        {**OFFICE, "ends": "2026-01-01"},
    )
    assert (report.new, report.changed, report.same) == (0, 3, 0)
    person = house.provider.facts.person(house.holder(LI["number"]), house.clock())
    assert person is not None
    assert (person.mobile, person.state) == ("13800138111", PersonState.DECEASED)
    told = house.rows("SELECT subject FROM news WHERE kind = 'person'")
    assert {bytes(row[0]) for row in told} == {house.holder(LI["number"]), house.holder(COMPANY["number"])}
    holder = house.holder(LI["number"])
    offices = house.durable.read(lambda tx: records.offices_of(tx, holder, house.clock()))
    assert offices == []


def test_contacts_stay_without_their_column_and_go_when_it_is_empty(either_house: House) -> None:
    house = either_house
    contacts = {"email": "li@mail.example", "address": "福州市鼓楼区示范路 1 号"}
    house.import_rows({**LI, **contacts})
    at = house.clock()

    def held() -> tuple[str | None, str | None, str | None, int]:
        person = house.provider.facts.person(house.holder(LI["number"]), house.clock())
        assert person is not None
        return person.mobile, person.email, person.address, person.recorded_at

    assert held() == (LI["mobile"], contacts["email"], contacts["address"], at)
    house.clock.advance(10)
    assert house.import_rows(LI).same == 1
    assert house.import_rows({**LI, "email": "li@other.example"}).changed == 1
    assert held() == (LI["mobile"], "li@other.example", contacts["address"], at + 10)
    assert house.import_rows({**LI, "address": ""}).changed == 1
    assert held() == (LI["mobile"], "li@other.example", None, at + 10)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"kind": "cat"}, "kind"),
        ({**LI, "number": ""}, "number: missing"),
        ({**LI, "number": "350000199001010019"}, "number"),
        ({**LI, "number": "350000900101001"}, "15 digits"),
        ({**LI, "number": "91350000MADEM00030"}, "of an organisation"),
        ({**LI, "document_type": "001"}, "document_type"),
        ({**LI, "document_type": "777"}, "number"),
        ({**LI, "number": "E12345678"}, "document_type: missing"),
        ({**LI, "name": " "}, "name: missing"),
        ({**LI, "name": "李\ue000明"}, "name"),
        ({**LI, "name": "李" * 101}, "name"),
        ({**LI, "mobile": "12345"}, "mobile"),
        ({**LI, "email": "li@"}, "email"),
        ({**LI, "email": "l" * 250 + "@b.example"}, "email"),
        ({**LI, "address": "路" * 201}, "address"),
        ({**LI, "address": "\u0007路"}, "address"),
        ({**LI, "state": "asleep"}, "state"),
        ({**LI, "level": "3"}, "not documented"),
        ({**COMPANY, "number": "91350000MADEM00031"}, "number"),
        ({**COMPANY, "state": "在睡"}, "state"),
        ({**OFFICE, "organisation": "91350000MADEM0011T"}, "organisation: not in the registry"),
        ({**OFFICE, "number": "350000200002290037"}, "no such person"),
        ({**OFFICE, "role": "cook"}, "role"),
        ({**OFFICE, "begins": "01.02.2020"}, "begins"),
        ({**OFFICE, "begins": "2020-01-02", "ends": "2020-01-02"}, "ends"),
    ],
)
def test_a_bad_row_is_told_and_the_rest_goes_in(house: House, row: dict[str, str], reason: str) -> None:
    report = house.import_rows(OUYANG, COMPANY, LI, row, {**OUYANG, "mobile": "13900139002"})
    assert [(bad.line, reason in bad.reason) for bad in report.bad] == [(4, True)], report.bad
    assert all(LI["number"] not in bad.reason for bad in report.bad)
    assert (report.new, report.changed) == (3, 1)


def test_lines_that_are_no_rows(house: House) -> None:
    good = '{"kind": "person", "number": "350000199001010018", "name": "李小明"}'
    lines = [good, "", "{", "[1]", '{"kind": 1}', '{"a": "\xff"}', '{"x": "' + "x" * 70_000 + '"}', good]
    raw = b"\n".join(line.encode("latin-1" if "\xff" in line else "utf-8") for line in lines)
    report = house.provider.registry.run(write(house, raw, "r.jsonl"), house.clock())
    assert [bad.line for bad in report.bad] == [3, 4, 5, 6, 7]
    assert (report.new, report.same) == (1, 1)


def test_csv_lines_that_are_no_rows(house: House) -> None:
    raw = (
        "kind,number,name\n"
        "person,350000199001010018,李小明\n"
        "person,35000019850615002X\n"
        'person,35000019850615002X,"欧阳"娜\n'
    ).encode() + b"person,35000019850615002X,\xc5\xb7\xd1\xf4\n"
    report = house.provider.registry.run(write(house, raw), house.clock())
    assert [bad.line for bad in report.bad] == [3, 4, 5]
    assert report.new == 1


@pytest.mark.parametrize("text", ["", "number,name\n", "kind,kind\n", "kind,password\n", "\x00\x01"])
def test_a_file_of_another_kind_is_refused(house: House, text: str) -> None:
    with pytest.raises(RegistryFileUnreadable):
        house.provider.registry.run(write(house, text), house.clock())


def test_a_missing_file_is_refused(house: House) -> None:
    with pytest.raises(RegistryFileUnreadable):
        house.provider.registry.run(house.folder / "absent.csv", house.clock())


def test_one_number_twice_in_a_batch_counts_as_its_last_row(house: House) -> None:
    report = house.import_rows(LI, {**LI, "mobile": "13800138999"})
    assert report.new + report.changed + report.same == 2
    person = house.provider.facts.person(house.holder(LI["number"]), house.clock())
    assert person is not None
    assert person.mobile == "13800138999"


def test_the_store_shows_no_number_and_no_name(house: House) -> None:
    house.import_rows(LI, COMPANY, OFFICE)
    house.account(LI["number"])
    house.browser().log_in(LI["number"])
    raw = b"".join(file.read_bytes() for file in (house.folder / "store").iterdir())
    for secret in (LI["number"], LI["name"], LI["mobile"], COMPANY["name"], COMPANY["number"]):
        assert secret.encode() not in raw


def test_many_rows(house: House) -> None:
    rows = [
        {"kind": "person", "document_type": "999", "number": f"T{number:07d}", "name": f"测试{number}"}
        for number in range(101)
    ]
    assert house.import_rows(*rows).new == 101
    assert house.import_rows(*rows).same == 101


def test_what_a_file_does_not_say_stays(house: House) -> None:
    house.import_rows({**LI, "state": "disabled"}, {**COMPANY, "state": "歇业"})
    partial = {"kind": "person", "number": LI["number"], "name": LI["name"]}
    report = house.import_rows(
        partial, {"kind": "organisation", **{k: COMPANY[k] for k in ("number", "name")}}
    )
    assert (report.changed, report.same) == (0, 2)
    person = house.provider.facts.person(house.holder(LI["number"]), house.clock())
    assert person is not None
    assert (person.state, person.mobile) == (PersonState.DISABLED, LI["mobile"])
    assert house.import_rows({**partial, "mobile": ""}).changed == 1
    person = house.provider.facts.person(house.holder(LI["number"]), house.clock())
    assert person is not None
    assert person.mobile is None
