"""Which document a holder's number is from: GB/T 36903 annex A, with two extensions that are in use."""

from __future__ import annotations

from typing import Final

__all__ = ["HOLDER_CODE_TYPES", "ORGANISATION_CODE_TYPES", "holder_code_name"]

HOLDER_CODE_TYPES: Final[dict[str, str]] = {
    "001": "统一社会信用代码",
    "099": "其他法人或其他组织有效证件代码",
    "111": "公民身份号码",
    "114": "中国人民解放军军官证编号",
    "115": "中国人民武装警察部队警官证编号",
    "118": "中国人民解放军士兵证编号",
    "119": "中国人民武装警察部队士兵证编号",
    "120": "中国人民解放军文职人员证编号",
    "122": "中国人民武装警察部队文职人员证编号",
    "411": "外交护照护照号",
    "412": "公务护照护照号",
    "413": "公务普通护照护照号",
    "414": "普通护照护照号",
    "511": "台湾居民来往大陆通行证号码",
    "516": "港澳居民来往内地通行证号码",
    "551": "港澳居民居住证",
    "552": "台湾居民居住证",
    "999": "其他自然人有效证件代码",
}
"""Code → Chinese name."""

ORGANISATION_CODE_TYPES: Final = frozenset({"001", "099"})
"""The types whose holder is an organisation; all others are people's."""


def holder_code_name(code: str) -> str | None:
    """The name that goes into CZZTDMLX, or None for a type we do not know."""
    return HOLDER_CODE_TYPES.get(code)
