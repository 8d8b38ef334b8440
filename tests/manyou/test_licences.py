from __future__ import annotations

from typing import Any

import msgspec
import pytest

from manyou import licences
from manyou.licences import (
    LicenceContent,
    LicenceIssuerUnknown,
    LicenceRefused,
    LicenceSignatureRefused,
    metadata,
    payload,
    read_payload,
    seal,
    verify,
)
from manyou.trust import Pin
from tests.vectors.frozen import SigningKey, read

VECTORS: dict[str, Any] = read("lists.json")
LICENCE: dict[str, Any] = VECTORS["licence"]
DEPLOYMENT: str = VECTORS["deployment"]
TRUST = Pin((VECTORS["anchor"],), DEPLOYMENT).verify(VECTORS["trust"]["token"], VECTORS["now"])
EXPECTED: dict[str, type[LicenceRefused]] = {
    "by a status key": LicenceIssuerUnknown,
    "by a stranger": LicenceSignatureRefused,
    "signed before the key": LicenceIssuerUnknown,
    "a type that the key may not sign": LicenceIssuerUnknown,
    "another authority's": LicenceIssuerUnknown,
}


def content() -> LicenceContent:
    return verify(LICENCE["token"], TRUST).content


def changed(**changes: Any) -> LicenceContent:
    return msgspec.structs.replace(content(), **changes)


def test_a_licence_is_read() -> None:
    found = verify(LICENCE["token"], TRUST)
    assert found.type is TRUST.types[44]
    assert found.kid == "licence-1"
    assert [holder.document_type for holder in found.content.holders] == ["001", "111"]
    assert found.content.holders[1].name == "欧阳小明"
    assert found.content.valid_to is not None
    assert found.content.status_index == 4
    assert found.content.fields == {"JYCS": "漫市漫游路 1 号"}


def test_the_exchange_form_and_the_recorded_hash_are_those_of_the_vector() -> None:
    assert metadata(content()) == LICENCE["exchange_form"]
    data = payload(content(), DEPLOYMENT)
    assert licences.content_hash(data).hex() == LICENCE["content_hash"]


@pytest.mark.parametrize("name", LICENCE["refused"])
def test_refused(name: str) -> None:
    with pytest.raises(LicenceRefused) as refused:
        verify(LICENCE["refused"][name], TRUST)
    assert type(refused.value) is EXPECTED.get(name, LicenceRefused)


def test_every_character_counts() -> None:
    token = LICENCE["token"]
    for at in range(0, len(token), 37):
        other = "A" if token[at] != "A" else "B"
        with pytest.raises(LicenceRefused):
            verify(token[:at] + other + token[at + 1 :], TRUST)


@pytest.mark.parametrize("token", ["", "a.b.c", "x" * (licences.LONGEST + 1)])
def test_no_licence_at_all(token: str) -> None:
    with pytest.raises(LicenceRefused):
        verify(token, TRUST)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"valid_to": None},
        {"seal_name": "电子专用章"},
        {"replaces": "1.2.156.3005.2.x"},
        {"fields": {}},
        {"fields": {"B": ["甲", {"x": 1.5}], "A": None, "法定代表人": "王伟"}},
    ],
    ids=str,
)
def test_what_is_written_is_read_the_same(changes: dict[str, Any]) -> None:
    written = changed(**changes)
    data = payload(written, DEPLOYMENT)
    assert read_payload(data, DEPLOYMENT) == written
    key = SigningKey("licence-1")
    assert seal(data, "licence-1", key.sign).count(".") == 2


def test_role_and_share_are_kept() -> None:
    wife, husband = (
        licences.Holder(name=name, number=number, document_type="111", role=role, share="1/2")
        for name, number, role in (
            ("甲", "350000199001010018", "wife"),
            ("乙", "35000019850615002X", "husband"),
        )
    )
    written = changed(holders=(wife, husband))
    form = metadata(written)
    assert (form["KZ_CZZTJS"], form["KZ_CZZTFE"]) == ("wife", "1/2")
    assert form["KZ_GTCZR"][0]["KZ_CZZTJS"] == "husband"
    assert read_payload(payload(written, DEPLOYMENT), DEPLOYMENT) == written


@pytest.mark.parametrize(
    "changes",
    [
        {"holders": ()},
        {"holders": (licences.Holder(name="甲", number="1", document_type="998"),)},
        {"fields": {"GTCZR": "x"}},
        {"fields": {"": "x"}},
        {"licence_id": bytes(11)},
    ],
    ids=str,
)
def test_what_cannot_be_read_again_is_not_written(changes: dict[str, Any]) -> None:
    with pytest.raises(LicenceRefused):
        payload(changed(**changes), DEPLOYMENT)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ZZBS", "1.2.156.3005.2.x"),
        ("ZZLXDM", "91350000MADEM00030002"),
        ("ZZBFJGDM", "11350000MBDEM00317"),
        ("ZZBFRQ", "2026-02-30"),
        ("ZZYXQJZRQ", "never"),
        ("ZZQZSJ", "2026-11-23T08:00:00+08:00"),
        ("CJSJ", 5),
        ("CZZTDMLXDM", "998"),
        ("CZZTDMLX", "护照"),
        ("CZZT", None),
        ("KZ_GTCZR", "x"),
        ("KZ_GTCZR", [{}]),
        ("ZZZZ", "unknown"),
    ],
)
def test_a_field_out_of_form_is_refused(name: str, value: Any) -> None:
    claims = msgspec.json.decode(payload(content(), DEPLOYMENT))
    claims["licence"][name] = value
    with pytest.raises(LicenceRefused):
        read_payload(msgspec.json.encode(claims), DEPLOYMENT)


@pytest.mark.parametrize("name", ["ZZBS", "ZZMC", "CZZT", "CZZTDMLXDM", "ZZYXQJZRQ", "ZZQZSJ"])
def test_a_missing_field_is_refused(name: str) -> None:
    claims = msgspec.json.decode(payload(content(), DEPLOYMENT))
    del claims["licence"][name]
    with pytest.raises(LicenceRefused):
        read_payload(msgspec.json.encode(claims), DEPLOYMENT)
