"""Licences that the demo province begins with; the first company has no food permit yet: the story."""

from __future__ import annotations

from typing import Any

__all__ = ["LICENCES", "SOURCE_ANSWERS"]

MARKET, CIVIL, POLICE = "11350000MBDEM0023C", "11350000MBDEM004XY", "11350000MBDEM0074L"
REGISTRY = "示范省市场监督管理局"


def _business(
    uscc: str, name: str, kind: str, representative: str, founded: str, **more: str
) -> dict[str, Any]:
    return {
        "type": f"{MARKET}001",
        "region": "350000",
        "holders": [{"document_type": "001", "number": uscc, "name": name}],
        "valid_from": founded,
        "valid_until": None,
        "number": uscc,
        "fields": {
            "name": name,
            "kind": kind,
            "representative": representative,
            "founded": founded,
            "term": "长期",
            "registry": REGISTRY,
            **more,
        },
    }


LICENCES: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "market-supervision",
        _business(
            "91350000MADEM00030",
            "示范漫游食品有限公司",
            "有限责任公司（自然人独资）",
            "陈小游",
            "2019-03-18",
            capital="人民币壹佰万元整",
            address="示范省福乐市漫游路1号",
            scope="食品销售；餐饮服务（依法须经批准的项目，经相关部门批准后方可开展经营活动）",
        ),
    ),
    (
        "market-supervision",
        _business(
            "91350000MADEM0011T",
            "示范海丝餐饮管理有限公司",
            "有限责任公司",
            "黄一诺",
            "2023-06-01",
            capital="人民币伍拾万元整",
            address="示范省海澜市海丝大道8号",
            scope="餐饮管理；餐饮服务",
        ),
    ),
    (
        "market-supervision",
        _business(
            "92350000MADEM010X3",
            "林漫小吃店",
            "个体工商户",
            "林漫",
            "2021-09-10",
            address="示范省福乐市小吃街3号",
            scope="小吃服务",
        ),
    ),
    (
        "market-supervision",
        {
            "type": f"{MARKET}002",
            "region": "350000",
            "holders": [
                {"document_type": "001", "number": "91350000MADEM0011T", "name": "示范海丝餐饮管理有限公司"}
            ],
            "valid_from": "2024-02-01",
            "valid_until": "2029-01-31",
            "number": "JY23500000000018",
            "fields": {
                "permit_number": "JY23500000000018",
                "operator": "示范海丝餐饮管理有限公司",
                "business_form": "餐饮服务经营者",
                "items": "热食类食品制售；冷食类食品制售",
                "premises": "示范省海澜市海丝大道8号",
                "manager": "黄一诺",
            },
        },
    ),
    (
        "civil-affairs",
        {
            "type": f"{CIVIL}001",
            "region": "350000",
            "holders": [
                {"document_type": "111", "number": "350000199001010018", "name": "林漫", "role": "husband"},
                {"document_type": "111", "number": "35000019850615002X", "name": "陈小游", "role": "wife"},
            ],
            "valid_from": "2018-05-20",
            "valid_until": None,
            "number": "J350000-2018-000520",
            "fields": {
                "certificate_number": "J350000-2018-000520",
                "registered_on": "2018-05-20",
                "husband_name": "林漫",
                "husband_number": "350000199001010018",
                "wife_name": "陈小游",
                "wife_number": "35000019850615002X",
            },
        },
    ),
)
"""(authority's client, body of ``POST /licences``)."""


def _card(number: str, name: str, begins: str, ends: str) -> tuple[str, str, dict[str, Any]]:
    term = f"{begins} — {ends or '长期'}"
    return (
        f"{POLICE}001",
        number,
        {
            "number": number,
            "issuer": "示范省福乐市公安局",
            "name": name,
            "valid_from": begins,
            "valid_until": ends,
            "fields": {
                "name": name,
                "number": number,
                "address": "示范省福乐市漫游路2号",
                "authority": "福乐市公安局",
                "term": term,
            },
        },
    )


def _driving(number: str, name: str, begins: str, ends: str, kind: str) -> tuple[str, str, dict[str, Any]]:
    return (
        f"{POLICE}002",
        number,
        {
            "number": number,
            "issuer": "示范省公安厅交通警察总队",
            "name": name,
            "valid_from": begins,
            "valid_until": ends,
            "fields": {
                "number": number,
                "name": name,
                "class": kind,
                "first_issued": begins,
                "term": f"{begins} — {ends}",
            },
        },
    )


SOURCE_ANSWERS = (
    _card("350000199001010018", "林漫", "2016-04-01", "2036-04-01"),
    _card("35000019850615002X", "陈小游", "2015-07-01", "2035-07-01"),
    _card("350000200002290037", "黄一诺", "2018-03-01", "2028-03-01"),
    _card("350000194110120045", "郑福英", "2012-01-01", ""),
    _driving("350000199001010018", "林漫", "2012-08-08", "2028-08-08", "C1"),
)
"""(type, number, answer) as the police's database would give it."""
