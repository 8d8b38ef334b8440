"""Licence rings: an authority's key signs the types that it names, and that authority's licences only."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

import keys
from keys import Keys, KeySettings, NoSuchRing, NotForThisRing, TypeNotSignable
from keys.errors import LicenceTypesNarrowed
from manyou import licences, trust
from manyou.identifiers import LicenceIdentifier
from store import Durable
from tests.conftest import ManualClock

MARKET, LAND = "11350000MBDEM0023C", "11350000MBDEM00317"
FOOD, TRADE = "11350000MBDEM0023C001", "11350000MBDEM0023C002"


def payload(agency: str = MARKET, type_code: str = FOOD, deployment: str = "test") -> bytes:
    content = licences.LicenceContent(
        licence_id=b"l" * 12,
        identifier=str(LicenceIdentifier.make(type_code, agency, "000000001")),
        name="食品经营许可证",
        type_code=type_code,
        number="JY13500000000001",
        issuer_name="市场监督管理局",
        issuer_code=agency,
        issued_on=date(2026, 9, 1),
        holders=(licences.Holder(name="甲", number="91350000MADEM00030", document_type="001"),),
        valid_from=date(2026, 9, 1),
        valid_to=None,
        signer="市场监督管理局",
        signed_at=1_790_000_000,
        created_at=1_790_000_000,
        status_uri="http://localhost:8000/elicence/v1/status/1",
        status_index=5,
    )
    return licences.payload(content, deployment)


@pytest.fixture
def market(ours: Keys) -> Keys:
    ours.create_licence_ring(MARKET, [FOOD])
    return ours


def trusted(market: Keys) -> trust.TrustList:
    listed = tuple(
        trust.TrustedKey(
            kid=entry.kid,
            purpose="licence",
            jwk=entry.jwk,
            not_before=entry.not_before,
            not_after=entry.not_after,
            types=entry.types,
            uscc=entry.agency,
        )
        for entry in market.trust_entries()
        if entry.purpose == "licence"
    )
    anchor = market.signer("trust")
    jwk = {"kid": anchor.kid, **anchor.public_jwk()}
    content = trust.TrustContent(
        iss="http://localhost:8000",
        deployment="test",
        version=1,
        iat=1_790_000_000,
        exp=1_790_000_060,
        issuers=(trust.Issuer(number=1, name="市场监督管理局", uscc=MARKET),),
        types=(trust.LicenceType(number=1, code=FOOD, name="食品经营许可证"),),
        keys=listed,
        anchors=(jwk,),
    )
    return trust.Pin(deployment="test", anchors=(jwk,)).verify(
        trust.sign(content, anchor.kid, anchor.sign), 1_790_000_000
    )


def test_a_licence_verifies_by_the_trust_list(market: Keys) -> None:
    signed = market.sign_licence(MARKET, FOOD, payload())
    assert licences.verify(signed, trusted(market)).content.issuer_code == MARKET


def test_types_and_authorities_that_the_ring_does_not_name(market: Keys) -> None:
    market.create_licence_ring(LAND, [TRADE])
    for agency, type_code, claimed in (
        (MARKET, TRADE, payload(type_code=TRADE)),
        (LAND, FOOD, payload(agency=LAND)),
        ("11350000MBDEM0066R", FOOD, payload()),
        (MARKET, "", payload()),
        (MARKET, FOOD, payload(type_code=TRADE)),
        (MARKET, FOOD, payload(agency=LAND)),
    ):
        with pytest.raises(TypeNotSignable):
            market.sign_licence(agency, type_code, claimed)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"{}",
        b"[]",
        b'{"sub":"a"}',
        b'{"deployment":"test","licence":{}}',
        b'"\xff"',
        b"[" * 20_000,
    ],
)
def test_what_is_no_licence(market: Keys, data: bytes) -> None:
    with pytest.raises(NotForThisRing):
        market.sign_licence(MARKET, FOOD, data)


def test_another_deployments_licence(market: Keys) -> None:
    with pytest.raises(NotForThisRing):
        market.sign_licence(MARKET, FOOD, payload(deployment="production"))
    with pytest.raises(NotForThisRing):
        market.sign_jwt(f"licence:{MARKET}", {"sub": "a"})


def test_types_are_added_and_never_lost(market: Keys, durable: Durable) -> None:
    market.create_licence_ring(MARKET, [FOOD])
    market.create_licence_ring(MARKET, [FOOD, TRADE])
    market.sign_licence(MARKET, TRADE, payload(type_code=TRADE))
    with pytest.raises(LicenceTypesNarrowed):
        market.create_licence_ring(MARKET, [FOOD])
    with pytest.raises(NotForThisRing):
        market.create_licence_ring(LAND, [])
    assert [entry.types for entry in market.trust_entries() if entry.agency == MARKET] == [(FOOD, TRADE)]
    assert len(market.verifying(f"licence:{MARKET}")) == 1


def test_a_recorded_key_signs_until_it_retires(
    market: Keys, settings: KeySettings, clock: ManualClock
) -> None:
    kid = market.licence_kid(MARKET, FOOD)
    market.rotate(f"licence:{MARKET}")
    market.advance(clock.advance(settings.publish_ahead))
    assert market.licence_kid(MARKET, FOOD) != kid
    before = market.sign_licence(MARKET, FOOD, payload(), kid=kid)
    market.advance(clock.advance(settings.retire_after))
    with pytest.raises(NoSuchRing):
        market.sign_licence(MARKET, FOOD, payload(), kid=kid)
    with pytest.raises(NoSuchRing):
        market.sign_licence(MARKET, FOOD, payload(), kid=market.signer("status").kid)
    assert licences.verify(before, trusted(market)).kid == kid  # listed for ever


def test_other_workers_learn_of_a_ring(
    market: Keys, settings: KeySettings, durable: Durable, clock: ManualClock
) -> None:
    other = keys.build(replace(settings), durable, clock)
    assert other.licence_kid(MARKET, FOOD) == market.licence_kid(MARKET, FOOD)
