"""What a licence says, and its exchange form: the short names of GB/T 36903 (ZZMC 证照名称, CZZT 持证主体 …).

Days are ``YYYY-MM-DD``, moments RFC 3339 in UTC, an end that never comes is ``长期``.  Fields of the
licence's own type stand under ``KZ_``, in the order of their names.  The first holder stands in CZZT
and its kin; further ones in ``KZ_GTCZR``, each in the same form, since the standard's field takes one.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec

from manyou.identifiers import HOLDER_CODE_TYPES, InvalidIdentifier, LicenceIdentifier, holder_code_name
from manyou.licences.errors import LicenceRefused

__all__ = ["PERPETUAL", "RESERVED_FIELDS", "Holder", "LicenceContent", "metadata", "read_metadata"]

PERPETUAL: Final = "长期"
"""ZZYXQJZRQ of a licence without end."""

_OWN: Final = "KZ_"
_ROLE, _SHARE, _FURTHER, _REPLACES = "CZZTJS", "CZZTFE", "GTCZR", "YZZBS"
RESERVED_FIELDS: Final = frozenset({_ROLE, _SHARE, _FURTHER, _REPLACES})
"""Names under ``KZ_`` that any licence may have: role and share of holders, further holders, predecessor."""

_MOMENT: Final = "%Y-%m-%dT%H:%M:%SZ"
_MOMENT_SHAPE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """A holder as printed on the licence."""

    name: str
    number: str
    document_type: str
    """Holder code type of GB/T 36903 annex A: ``111``, ``001`` …"""
    role: str = ""
    share: str = ""


class LicenceContent(msgspec.Struct, frozen=True, kw_only=True):
    """A licence's content; everything that is signed, and nothing that changes afterwards."""

    licence_id: bytes
    """12 random bytes, as codes carry it."""
    identifier: str
    """ZZBS, GB/T 36904."""
    name: str
    """ZZMC, the licence's name: 食品经营许可证."""
    type_code: str
    """ZZLXDM, 21 characters."""
    number: str
    """ZZBH, as printed."""
    issuer_name: str
    """ZZBFJG."""
    issuer_code: str
    """ZZBFJGDM, USCC."""
    issued_on: date
    """ZZBFRQ."""
    holders: tuple[Holder, ...]
    """CZZT …, in the licence's order; at least one."""
    valid_from: date
    """ZZYXQQSRQ."""
    valid_to: date | None
    """ZZYXQJZRQ, the last day; None: without end."""
    signer: str
    """ZZQZR."""
    signed_at: int
    """ZZQZSJ, unix seconds."""
    created_at: int
    """CJSJ, unix seconds."""
    status_uri: str
    """Address of the status list …"""
    status_index: int
    """… and the place in it."""
    seal_name: str = ""
    """ZZQZMC."""
    replaces: str = ""
    """Identifier of the licence that this one succeeds."""
    fields: dict[str, Any] = {}
    """Fields of the type: names without ``KZ_``, JSON values."""


def metadata(content: LicenceContent) -> dict[str, Any]:
    """The exchange form.

    Raises:
        LicenceRefused: no holder, an unknown holder code type, or a field under a reserved name.
    """
    if not content.holders:
        raise LicenceRefused(detail="no holder")
    if RESERVED_FIELDS & content.fields.keys() or "" in content.fields:
        raise LicenceRefused(detail="a field has a reserved name, or none")
    first, *further = [_holder(each) for each in content.holders]
    own = dict(content.fields)
    if further:
        own[_FURTHER] = further
    if content.replaces:
        own[_REPLACES] = content.replaces
    form = {
        "ZZMC": content.name,
        "ZZLXDM": content.type_code,
        "ZZBH": content.number,
        "ZZBS": content.identifier,
        "ZZBFJG": content.issuer_name,
        "ZZBFJGDM": content.issuer_code,
        "ZZBFRQ": content.issued_on.isoformat(),
        **first,
        "ZZYXQQSRQ": content.valid_from.isoformat(),
        "ZZYXQJZRQ": PERPETUAL if content.valid_to is None else content.valid_to.isoformat(),
        "ZZQZR": content.signer,
        "ZZQZSJ": _moment(content.signed_at),
        "CJSJ": _moment(content.created_at),
    }
    if content.seal_name:
        form["ZZQZMC"] = content.seal_name
    return form | {_OWN + name: own[name] for name in sorted(own)}


def read_metadata(
    form: dict[str, Any], *, licence_id: bytes, status_uri: str, status_index: int
) -> LicenceContent:
    """The content that :func:`metadata` wrote.

    Raises:
        LicenceRefused: a field is missing or not in form, or the identifier names another type or issuer.
    """
    try:
        own = {name[len(_OWN) :]: value for name, value in form.items() if name.startswith(_OWN)}
        further = own.pop(_FURTHER, [])
        to = form["ZZYXQJZRQ"]
        raw = {
            "licence_id": licence_id,
            "identifier": form["ZZBS"],
            "name": form["ZZMC"],
            "type_code": form["ZZLXDM"],
            "number": form["ZZBH"],
            "issuer_name": form["ZZBFJG"],
            "issuer_code": form["ZZBFJGDM"],
            "issued_on": form["ZZBFRQ"],
            "holders": [_read_holder(form, own), *(_read_holder(each, _own(each)) for each in further)],
            "valid_from": form["ZZYXQQSRQ"],
            "valid_to": None if to == PERPETUAL else to,
            "signer": form["ZZQZR"],
            "signed_at": _seconds(form["ZZQZSJ"]),
            "created_at": _seconds(form["CJSJ"]),
            "status_uri": status_uri,
            "status_index": status_index,
            "seal_name": form.get("ZZQZMC", ""),
            "replaces": own.pop(_REPLACES, ""),
            "fields": {name: value for name, value in own.items() if name not in RESERVED_FIELDS},
        }
        content = msgspec.convert(raw, LicenceContent, builtin_types=(bytes,))
        identifier = LicenceIdentifier.parse(content.identifier)
    except (KeyError, TypeError, AttributeError, ValueError, msgspec.MsgspecError) as error:
        raise LicenceRefused(detail=f"metadata: {type(error).__name__}") from error
    except InvalidIdentifier as error:
        raise LicenceRefused(detail=f"identifier: {error.detail}") from error
    if (identifier.type_code, identifier.issuer) != (content.type_code, content.issuer_code):
        raise LicenceRefused(detail="the identifier names another type or issuer")
    return content


def _holder(holder: Holder) -> dict[str, Any]:
    kind = holder_code_name(holder.document_type)
    if kind is None:
        raise LicenceRefused(detail="unknown holder code type")
    form = {
        "CZZT": holder.name,
        "CZZTDM": holder.number,
        "CZZTDMLX": kind,
        "CZZTDMLXDM": holder.document_type,
    }
    if holder.role:
        form[_OWN + _ROLE] = holder.role
    if holder.share:
        form[_OWN + _SHARE] = holder.share
    return form


def _own(form: dict[str, Any]) -> dict[str, Any]:
    return {_ROLE: form.get(_OWN + _ROLE, ""), _SHARE: form.get(_OWN + _SHARE, "")}


def _read_holder(form: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    if form["CZZTDMLXDM"] not in HOLDER_CODE_TYPES:
        raise LicenceRefused(detail="unknown holder code type")
    return {
        "name": form["CZZT"],
        "number": form["CZZTDM"],
        "document_type": form["CZZTDMLXDM"],
        "role": own.get(_ROLE, ""),
        "share": own.get(_SHARE, ""),
    }


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime(_MOMENT)


def _seconds(moment: str) -> int:
    if not _MOMENT_SHAPE.fullmatch(moment):
        raise ValueError("not RFC 3339 in UTC")
    return int(datetime.strptime(moment, _MOMENT).replace(tzinfo=UTC).timestamp())
