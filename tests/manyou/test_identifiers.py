from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyou.identifiers import (
    HOLDER_CODE_TYPES,
    ForeignPermit,
    InvalidIdentifier,
    InvalidLicenceIdentifier,
    InvalidResidentId,
    InvalidUscc,
    LicenceIdentifier,
    OrganisationCode,
    ResidentId,
    Uscc,
    legacy_to_18,
    normalise_number,
)
from manyou.identifiers.check_characters import USCC_ALPHABET, mod_11_2, mod_37_36, uscc_check
from tests.vectors.frozen import read

VECTORS: dict[str, Any] = read("identifiers-and-sm.json")
NOW = 1_795_392_000  # 2026-11-23
RESIDENTS = VECTORS["gb11643_resident_id"]
PERMITS = VECTORS["hkmo_tw_residence_permit"]
FOREIGN = VECTORS["foreign_permanent_resident"]["new_2023"]
USCCS = VECTORS["gb32100_uscc"]
LICENCES = VECTORS["gbt36904_licence_identifier"]
INNER_CHECK_WRONG = "91350100123456789U"


def by(name: str) -> Any:
    return lambda row: row[name] if isinstance(row, dict) else str(row)


@pytest.mark.parametrize("row", RESIDENTS["valid"], ids=by("id"))
def test_resident_id(row: dict[str, str]) -> None:
    parsed = ResidentId.parse(row["id"], now=NOW)
    assert (parsed.text, parsed.birth.isoformat(), parsed.sex) == (row["id"], row["birth"], row["sex"])
    assert (parsed.kind, parsed.document_type) == ("resident", "111")
    assert str(parsed) == row["id"]
    assert parsed.region == row["id"][:6]


@pytest.mark.parametrize("row", RESIDENTS["normalise"], ids=by("in"))
def test_number_is_normalised(row: dict[str, str]) -> None:
    assert normalise_number(row["in"]) == row["out"]
    assert ResidentId.parse(row["in"], now=NOW).text == row["out"]


def test_an_endless_text_is_no_number() -> None:
    assert normalise_number("1" * 129) == ""


@pytest.mark.parametrize("row", RESIDENTS["invalid"], ids=by("why"))
def test_resident_id_refused(row: dict[str, str]) -> None:
    with pytest.raises(InvalidResidentId) as refused:
        ResidentId.parse(row["id"], now=NOW)
    assert row["id"] not in str(refused.value)


def test_birth_date_is_in_the_future_on_chinas_calendar() -> None:
    body = "35000020261123001"
    number = body + mod_11_2(body)
    midnight_in_china = NOW - 8 * 3600
    assert ResidentId.parse(number, now=midnight_in_china).birth.isoformat() == "2026-11-23"
    with pytest.raises(InvalidResidentId):
        ResidentId.parse(number, now=midnight_in_china - 1)


def test_without_a_time_the_clock_is_asked() -> None:
    assert ResidentId.parse("11010519491231002X").birth.year == 1949


@pytest.mark.parametrize("row", [row for row in RESIDENTS["legacy15_to_18"] if "in" in row], ids=by("in"))
def test_first_generation_number(row: dict[str, str]) -> None:
    assert legacy_to_18(row["in"], now=NOW).text == row["out"]
    with pytest.raises(InvalidResidentId):
        ResidentId.parse(row["in"], now=NOW)
    with pytest.raises(InvalidResidentId):
        legacy_to_18(row["out"], now=NOW)


@pytest.mark.parametrize("row", PERMITS["valid"], ids=by("id"))
def test_residence_permit(row: dict[str, str]) -> None:
    parsed = ResidentId.parse(row["id"], now=NOW)
    assert parsed.kind == f"{row['kind'].lower()}_permit"
    assert parsed.document_type == ("552" if row["kind"] == "TW" else "551")


@pytest.mark.parametrize("number", FOREIGN["synthetic_valid"])
def test_foreign_permit(number: str) -> None:
    parsed = ResidentId.parse(number, now=NOW)
    assert (parsed.kind, parsed.document_type) == ("foreign_permit", "999")


@pytest.mark.parametrize("row", FOREIGN["invalid"], ids=by("why"))
def test_foreign_permit_refused(row: dict[str, str]) -> None:
    with pytest.raises(InvalidResidentId):
        ResidentId.parse(row["id"], now=NOW)


def test_foreign_permit_of_15_characters() -> None:
    assert str(ForeignPermit.parse("fra110174052101")) == "FRA110174052101"
    for wrong in ("FRA11017405210", "FR1110174052101", "935840199001010015"):
        with pytest.raises(InvalidResidentId):
            ForeignPermit.parse(wrong)


@pytest.mark.parametrize("row", USCCS["valid"], ids=by("uscc"))
def test_uscc(row: dict[str, str]) -> None:
    parsed = Uscc.parse(row["uscc"])
    assert (parsed.text, parsed.warnings) == (row["uscc"], ())
    assert OrganisationCode.parse(parsed.organisation_code).text == parsed.organisation_code
    packed = parsed.pack()
    assert len(packed) == 12
    assert Uscc.unpack(packed) == parsed
    assert str(parsed) == row["uscc"]
    assert parsed.region == row["uscc"][2:8]


@pytest.mark.parametrize(
    "row", [row for row in USCCS["invalid"] if row["uscc"] != INNER_CHECK_WRONG], ids=by("why")
)
def test_uscc_refused(row: dict[str, str]) -> None:
    with pytest.raises(InvalidUscc):
        Uscc.parse(row["uscc"])


def test_a_wrong_inner_check_is_a_warning() -> None:
    assert Uscc.parse(INNER_CHECK_WRONG).warnings == ("organisation_code_check",)


@pytest.mark.parametrize(
    "packed", [b"", bytes(11), bytes(13), b"\xff" * 12, (31**18).to_bytes(12, "big"), b"\1" * 12]
)
def test_packed_uscc_refused(packed: bytes) -> None:
    with pytest.raises(InvalidUscc):
        Uscc.unpack(packed)


@given(st.text("0123456789", min_size=6, max_size=6), st.text(USCC_ALPHABET, min_size=9, max_size=9))
def test_packing_a_uscc_loses_nothing(region: str, organisation: str) -> None:
    body = f"91{region}{organisation}"
    code = Uscc.parse(body + uscc_check(body))
    assert Uscc.unpack(code.pack()) == code


@pytest.mark.parametrize("code", VECTORS["gb11714_org_code"]["valid"])
def test_organisation_code(code: str) -> None:
    assert str(OrganisationCode.parse(code)) == code
    assert OrganisationCode.parse(f"{code[:8]}-{code[8]}").text == code
    wrong = "0" if code[8] != "0" else "1"
    for refused in (code[:8] + wrong, code[:8], code[:8] + "--" + code[8]):
        with pytest.raises(InvalidIdentifier):
            OrganisationCode.parse(refused)


@pytest.mark.parametrize("row", LICENCES["mod_37_36_reference"], ids=by("in"))
def test_mod_37_36(row: dict[str, str]) -> None:
    assert mod_37_36(row["in"]) == row["check"]


@pytest.mark.parametrize("text", LICENCES["observed_public_valid"] + LICENCES["synthetic_valid"])
def test_licence_identifier(text: str) -> None:
    imported = LicenceIdentifier.parse_imported(text)
    assert str(imported) == text
    assert "check_character" not in imported.warnings
    if imported.warnings == ("issuer_region",):
        with pytest.raises(InvalidLicenceIdentifier, match="issuer_region"):
            LicenceIdentifier.parse(text)
    else:
        assert LicenceIdentifier.parse(text) == imported


@pytest.mark.parametrize("row", LICENCES["observed_public_with_bad_check"])
def test_a_vendors_wrong_check_is_imported_with_a_warning(row: str) -> None:
    text = row.split(" ", 1)[0]
    assert "check_character" in LicenceIdentifier.parse_imported(text).warnings
    with pytest.raises(InvalidLicenceIdentifier):
        LicenceIdentifier.parse(text)


@pytest.mark.parametrize("row", LICENCES["invalid"], ids=by("why"))
def test_licence_identifier_refused(row: dict[str, str]) -> None:
    with pytest.raises(InvalidLicenceIdentifier):
        LicenceIdentifier.parse(row["id"])


def test_licence_identifier_is_made() -> None:
    made = LicenceIdentifier.make("91350000MADEM00030001", "11350000MBDEM0023C", "202600001")
    assert LicenceIdentifier.parse(str(made)) == made
    assert made.next_version().version == 2
    assert str(made.next_version()).split(".")[-2] == "002"


@pytest.mark.parametrize(
    ("type_code", "issuer", "serial", "version"),
    [
        ("91350000MADEM00031001", "11350000MBDEM0023C", "202600001", 1),
        ("91350000MADEM00030001", "11350000MBDEM0024C", "202600001", 1),
        ("91350000MADEM00030001", "350000", "202600001", 1),
        ("91350000MADEM00030001", "11350000MBDEM0023C", "20260000", 1),
        ("91350000MADEM00030001", "11350000MBDEM0023C", "2" * 33, 1),
        ("91350000MADEM00030001", "11350000MBDEM0023C", "20260000a", 1),
        ("91350000MADEM00030001", "11350000MBDEM0023C", "20260000０", 1),
        ("91350000MADEM00030001", "11350000MBDEM0023C", "202600001", 0),
        ("91350000MADEM00030001", "11350000MBDEM0023C", "202600001", 1000),
    ],
)
def test_we_make_no_identifier_that_breaks_the_standard(
    type_code: str, issuer: str, serial: str, version: int
) -> None:
    with pytest.raises(InvalidLicenceIdentifier):
        LicenceIdentifier.make(type_code, issuer, serial, version)


def test_version_000_is_refused() -> None:
    body = "91350000MADEM0003000111350000MBDEM0023C202600001000"
    text = f"1.2.156.3005.2.91350000MADEM00030001.11350000MBDEM0023C.202600001.000.{mod_37_36(body)}"
    with pytest.raises(InvalidLicenceIdentifier):
        LicenceIdentifier.parse_imported(text)


def test_holder_code_types_are_the_standards() -> None:
    listed = VECTORS["gbt36903_holder_code_types"]
    expected = {code: name for code, name in listed.items() if code.isdigit()} | listed["_extensions_seen"]
    assert expected == HOLDER_CODE_TYPES


@pytest.mark.parametrize("number", VECTORS["demo_seed_rule"]["examples"])
def test_demo_people_have_valid_numbers(number: str) -> None:
    assert ResidentId.parse(number, now=NOW).region == "350000"


@pytest.mark.parametrize("code", VECTORS["demo_seed_rule"]["demo_company"])
def test_demo_companies_have_valid_codes(code: str) -> None:
    assert Uscc.parse(code).warnings == ()


@given(st.text(max_size=40))
def test_no_text_breaks_a_parser(text: str) -> None:
    for parse in (
        ResidentId.parse,
        Uscc.parse,
        OrganisationCode.parse,
        LicenceIdentifier.parse_imported,
        legacy_to_18,
    ):
        try:
            parsed = parse(text)
        except InvalidIdentifier:
            continue
        assert str(parsed).isascii()
