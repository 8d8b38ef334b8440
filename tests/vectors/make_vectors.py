"""Writes the frozen vectors beside it: ``codes.json`` and ``lists.json``.

It knows the written format only and imports nothing of the implementation, which the vectors are to
referee: CBOR by cbor2, keys and signatures by cryptography, JWS put together by hand.  Signatures are
deterministic (RFC 6979), so a second run writes the same bytes.  The keys are for tests only.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from pathlib import Path
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

HERE = Path(__file__).parent
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
NOW = 1_795_392_000
DEPLOYMENT = "vectors"
AGENCY = "11350000MBDEM0023C"
TYPE = "91350000MADEM00030001"
STATUS_URI = "https://id.example.gov.cn/elicence/v1/status/3"
LICENCE_ID = bytes(range(1, 13))
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """A test key made from its name."""

    def __init__(self, kid: str) -> None:
        self.kid = kid
        secret = int.from_bytes(hashlib.sha256(b"manyou test vector key " + kid.encode()).digest(), "big")
        self._private = ec.derive_private_key(secret % (ORDER - 1) + 1, ec.SECP256R1())

    def jwk(self) -> dict[str, str]:
        numbers = self._private.public_key().public_numbers()
        x, y = (b64(each.to_bytes(32, "big")) for each in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}

    def sign(self, data: bytes) -> tuple[int, int]:
        signature = self._private.sign(data, ec.ECDSA(SHA256(), deterministic_signing=True))
        r, s = decode_dss_signature(signature)
        return r, min(s, ORDER - s)

    def jws(self, typ: str, payload: bytes, **header: Any) -> str:
        head = json.dumps({"alg": "ES256", "kid": self.kid, "typ": typ} | header, separators=(",", ":"))
        signed = f"{b64(head.encode())}.{b64(payload)}"
        return f"{signed}.{b64(raw(*self.sign(signed.encode())))}"


CODE, OTHER_CODE = Key("0102"), Key("a0ff")
ANCHOR, NEXT_ANCHOR, STRANGER = Key("anchor-1"), Key("anchor-2"), Key("stranger")
STATUS, LICENCE = Key("status-1"), Key("licence-1")


def raw(r: int, s: int) -> bytes:
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def digits(framed: bytes) -> str:
    return str(int.from_bytes(framed, "big"))


def pack_uscc(uscc: str) -> bytes:
    number = 0
    for character in uscc:
        number = number * 31 + USCC_ALPHABET.index(character)
    return number.to_bytes(12, "big")


def fields(**changes: Any) -> list[Any]:
    named = {
        "format": 1,
        "issuer": 300,
        "type": 44,
        "licence": LICENCE_ID,
        "holder": "欧***",
        "issued_at": NOW,
        "ttl": 60,
        "list": 3,
        "index": 70_000,
        "nonce": b"\xde\xad\xbe\xef",
    }
    return list((named | changes).values())


def code(
    payload: bytes,
    *,
    key: Key = CODE,
    deployment: str = DEPLOYMENT,
    kind: bytes = b"A",
    protected: bytes | None = None,
    unprotected: bytes = b"\xa0",
    high: bool = False,
) -> tuple[bytes, bytes]:
    """COSE_Sign1 and its Sig_structure."""
    if protected is None:
        protected = cbor2.dumps({1: -7, 4: bytes.fromhex(key.kid)})
    structure = cbor2.dumps(["Signature1", protected, kind + deployment.encode(), payload])
    r, s = key.sign(structure)
    signature = raw(r, ORDER - s if high else s)
    body = cbor2.dumps(protected) + unprotected + cbor2.dumps(payload) + cbor2.dumps(signature)
    return b"\x84" + body, structure


def valid_code(name: str, *, key: Key = CODE, deployment: str = DEPLOYMENT, **changes: Any) -> dict[str, Any]:
    values = fields(**changes)
    cose, structure = code(cbor2.dumps(values), key=key, deployment=deployment)
    holder = values[4]
    return {
        "name": name,
        "kid": key.kid,
        "deployment": deployment,
        "payload": {
            "issuer": values[1],
            "type": values[2],
            "licence": values[3].hex(),
            "holder": holder if isinstance(holder, str) else None,
            "holder_packed": None if isinstance(holder, str) else holder.hex(),
            "issued_at": values[5],
            "ttl": values[6],
            "list": values[7],
            "index": values[8],
            "nonce": values[9].hex(),
        },
        "cose": cose.hex(),
        "sig_structure": structure.hex(),
        "replay_key": hashlib.sha256(structure).hexdigest(),
        "digits": digits(b"\x01" + cose),
    }


def valid_codes() -> list[dict[str, Any]]:
    return [
        valid_code("a person"),
        valid_code("an organisation", holder=pack_uscc("91350000MADEM00030")),
        valid_code("the smallest numbers", issuer=0, type=0, list=0, index=0, issued_at=0, ttl=1, holder="*"),
        valid_code("numbers at the one-byte edge", issuer=23, type=24, list=255, index=256, ttl=23),
        valid_code(
            "numbers at the two-byte edge", issuer=65_535, type=65_536, list=65_535, index=65_536, ttl=600
        ),
        valid_code("the largest numbers", issuer=2**32 - 1, type=2**32 - 1, list=2**32 - 1, index=2**32 - 1),
        valid_code("a rare character, twelve bytes", holder="𬭎********"),
        valid_code(
            "another key and deployment", key=OTHER_CODE, deployment="a-longer-name-of-an-installation"
        ),
    ]


def made(cose: bytes) -> str:
    return digits(b"\x01" + cose)


def body(payload: bytes, **how: Any) -> str:
    return made(code(payload, **how)[0])


def changed(**changes: Any) -> str:
    return body(cbor2.dumps(fields(**changes)))


def patched(old: bytes, new: bytes) -> str:
    plain = cbor2.dumps(fields())
    assert plain.count(old) == 1
    return body(plain.replace(old, new))


def unreadable_frames() -> dict[str, str]:
    plain = cbor2.dumps(fields())
    good, _ = code(plain)
    good_digits, signature = made(good), good[-64:]
    protected = {"order": bytes.fromhex("a2044201020126"), "alg": bytes.fromhex("a2012704420102")}
    full_width = str.maketrans("0123456789", "０１２３４５６７８９")
    return {
        "no digits": "HTTPS://EXAMPLE.GOV.CN/V/",
        "59 digits": good_digits[:59],
        "60 digits of nothing": good_digits[:60],
        "digits not at the end": good_digits + "/x",
        "a space inside": good_digits[:250] + " " + good_digits[250:],
        "full-width digits": good_digits.translate(full_width),
        "a leading zero": "0" + good_digits,
        "too long": "1" * 1025,
        "another first byte": digits(b"\x02" + good),
        "no first byte": digits(good),
        "a trailing byte": made(good + b"\x00"),
        "a byte short": made(good[:-1]),
        "tagged (RFC 9052 tag 18)": made(b"\xd2" + good),
        "an array of indefinite length": made(b"\x9f" + good[1:] + b"\xff"),
        "an array of five": made(b"\x85" + good[1:] + b"\x00"),
        "unprotected is not empty": body(plain, unprotected=bytes.fromhex("a10400")),
        "unprotected of indefinite length": body(plain, unprotected=b"\xbf\xff"),
        "unprotected is null": body(plain, unprotected=b"\xf6"),
        "protected in another order": body(plain, protected=protected["order"]),
        "protected with EdDSA": body(plain, protected=protected["alg"]),
        "protected without kid": body(plain, protected=cbor2.dumps({1: -7})),
        "protected with a kid of three bytes": body(
            plain, protected=cbor2.dumps({1: -7, 4: b"\x01\x02\x03"})
        ),
        "protected with crit": body(plain, protected=cbor2.dumps({1: -7, 2: [1], 4: b"\x01\x02"})),
        "payload head not shortest": made(
            good[:-66].replace(
                b"\x58" + bytes((len(plain),)) + plain, b"\x59\x00" + bytes((len(plain),)) + plain
            )
            + good[-66:]
        ),
        "signature head not shortest": made(good[:-66] + b"\x59\x00\x40" + signature),
        "signature of 63 bytes": made(good[:-66] + b"\x58\x3f" + signature[:63]),
    }


def unreadable_payloads() -> dict[str, str]:
    plain = cbor2.dumps(fields())
    return {
        "another format number": changed(format=2),
        "payload of eleven": body(cbor2.dumps([*fields(), 0])),
        "payload of nine": body(cbor2.dumps(fields()[:-1])),
        "payload of indefinite length": body(b"\x9f" + plain[1:] + b"\xff"),
        "payload with a byte behind": body(plain + b"\x00"),
        "a number not shortest": patched(b"\x18\x2c", b"\x19\x00\x2c"),
        "a small number not shortest": patched(b"\x18\x3c\x03", b"\x18\x3c\x18\x03"),
        "a number of 64 bits": changed(index=2**32),
        "a negative number": changed(index=-1),
        "a number as a float": changed(index=70_000.0),
        "a boolean for a number": changed(list=True),
        "a text for a number": changed(type="44"),
        "a licence id of 11 bytes": changed(licence=LICENCE_ID[:11]),
        "a licence id of 13 bytes": changed(licence=bytes(13)),
        "a licence id as text": changed(licence="123456789012"),
        "an empty name": changed(holder=""),
        "a name of 13 bytes": changed(holder="1234567890123"),
        "a name that is no UTF-8": patched("欧***".encode(), b"\xff\xfe\xfd***"),
        "a name in parts": patched(b"\x66" + "欧***".encode(), b"\x7f\x66" + "欧***".encode() + b"\xff"),
        "a packed USCC of 11 bytes": changed(holder=bytes(11)),
        "no time to live": changed(ttl=0),
        "a time to live of 601 s": changed(ttl=601),
        "a nonce of 3 bytes": changed(nonce=b"abc"),
        "a nonce of 5 bytes": changed(nonce=b"abcde"),
        "a chain anchor for a nonce": changed(nonce=bytes(16)),
    }


def badly_signed() -> dict[str, str]:
    plain = cbor2.dumps(fields())
    good, structure = code(plain)
    signature, zero = good[-64:], bytes(32)
    return {
        "s in the upper half": body(plain, high=True),
        "signed for another deployment": body(plain, deployment="production"),
        "signed as kind B": body(plain, kind=b"B"),
        "signed by another key": made(good[:-66] + b"\x58\x40" + raw(*OTHER_CODE.sign(structure))),
        "r is zero": made(good[:-64] + zero + signature[32:]),
        "s is zero": made(good[:-64] + signature[:32] + zero),
        "r is the order": made(good[:-64] + ORDER.to_bytes(32, "big") + signature[32:]),
        "r and s swapped": made(good[:-64] + signature[32:] + signature[:32]),
        "another licence under the same signature": made(good.replace(LICENCE_ID, bytes(12))),
    }


def refused_codes() -> list[dict[str, str]]:
    kinds = (
        ("unreadable", unreadable_frames() | unreadable_payloads()),
        ("bad_signature", badly_signed()),
    )
    return [
        {"name": name, "text": text, "verdict": verdict}
        for verdict, texts in kinds
        for name, text in texts.items()
    ]


def freshness() -> list[dict[str, Any]]:
    table = {
        -31: "clock_differs",
        -30: "valid",
        0: "valid",
        59: "valid",
        60: "code_expired",
        3600: "code_expired",
    }
    return [{"seconds_after_issue": after, "ttl": 60, "verdict": verdict} for after, verdict in table.items()]


def dumps(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def trust_claims(version: int, anchors: list[Key], **changes: Any) -> dict[str, Any]:
    return {
        "iss": "https://id.example.gov.cn",
        "deployment": DEPLOYMENT,
        "version": version,
        "iat": NOW,
        "exp": NOW + 86_400,
        "issuers": [{"number": 300, "name": "漫省市场监督管理局", "uscc": AGENCY}],
        "types": [{"number": 44, "code": TYPE, "name": "食品经营许可证", "public": True}],
        "keys": [
            {"kid": "0102", "purpose": "code", "jwk": CODE.jwk(), "not_before": NOW - 1000},
            {"kid": "a0ff", "purpose": "code", "jwk": OTHER_CODE.jwk(), "not_before": 0, "not_after": NOW},
            {"kid": "status-1", "purpose": "status", "jwk": STATUS.jwk(), "not_before": NOW - 1000},
            {
                "kid": "licence-1",
                "purpose": "licence",
                "jwk": LICENCE.jwk(),
                "not_before": NOW - 1000,
                "types": [TYPE],
                "uscc": AGENCY,
            },
        ],
        "status_lists": [{"number": 3, "uri": STATUS_URI}],
        "anchors": [{**anchor.jwk(), "kid": anchor.kid} for anchor in anchors],
    } | changes


def status_claims(entries: dict[int, int], size: int, version: int, **changes: Any) -> dict[str, Any]:
    packed = bytearray(size // 4)
    for index, value in entries.items():
        packed[index // 4] |= value << (2 * (index % 4))
    return {
        "sub": STATUS_URI,
        "iat": NOW,
        "exp": NOW + 3600,
        "ttl": 300,
        "version": version,
        "status_list": {"bits": 2, "lst": b64(zlib.compress(bytes(packed), 9))},
    } | changes


def licence_claims() -> dict[str, Any]:
    return {
        "deployment": DEPLOYMENT,
        "jti": b64(LICENCE_ID),
        "iat": NOW,
        "status": {"status_list": {"idx": 4, "uri": STATUS_URI}},
        "licence": {
            "ZZMC": "食品经营许可证",
            "ZZLXDM": TYPE,
            "ZZBH": "JY13500000000001",
            "ZZBS": identifier(TYPE, AGENCY),
            "ZZBFJG": "漫省市场监督管理局",
            "ZZBFJGDM": AGENCY,
            "ZZBFRQ": "2026-11-23",
            "CZZT": "漫游食品有限公司",
            "CZZTDM": "91350000MADEM00030",
            "CZZTDMLX": "统一社会信用代码",
            "CZZTDMLXDM": "001",
            "ZZYXQQSRQ": "2026-11-23",
            "ZZYXQJZRQ": "2031-11-22",
            "ZZQZR": "漫省市场监督管理局",
            "ZZQZSJ": "2026-11-23T00:00:00Z",
            "CJSJ": "2026-11-22T16:00:00Z",
            "KZ_GTCZR": [
                {
                    "CZZT": "欧阳小明",
                    "CZZTDM": "350000199001010018",
                    "CZZTDMLX": "公民身份号码",
                    "CZZTDMLXDM": "111",
                }
            ],
            "KZ_JYCS": "漫市漫游路 1 号",
        },
    }


def identifier(type_code: str, issuer: str) -> str:
    check = mod_37_36(type_code + issuer + "202600001001")
    return f"1.2.156.3005.2.{type_code}.{issuer}.202600001.001.{check}"


def mod_37_36(text: str) -> str:
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    product = 36
    for character in text:
        product = ((product + alphabet.index(character)) % 36 or 36) * 2 % 37
    return alphabet[(37 - product) % 36]


def trust_vectors() -> dict[str, Any]:
    trust = "trust-list+jwt"
    claims = dumps(trust_claims(5, [ANCHOR, NEXT_ANCHOR]))
    twice = trust_claims(5, [ANCHOR])
    twice["keys"].append(twice["keys"][0] | {"purpose": "status"})
    return {
        "token": ANCHOR.jws(trust, claims),
        "version": 5,
        "next": NEXT_ANCHOR.jws(trust, dumps(trust_claims(6, [NEXT_ANCHOR]))),
        "refused": {
            "by a stranger": STRANGER.jws(trust, claims, kid=ANCHOR.kid),
            "by a kid not pinned": NEXT_ANCHOR.jws(trust, claims),
            "another typ": ANCHOR.jws("JWT", claims),
            "crit": ANCHOR.jws(trust, claims, crit=["b64"]),
            "alg none": ANCHOR.jws(trust, claims, alg="none"),
            "another deployment": ANCHOR.jws(trust, dumps(trust_claims(5, [ANCHOR], deployment="x"))),
            "a kid twice": ANCHOR.jws(trust, dumps(twice)),
            "no anchor": ANCHOR.jws(trust, dumps(trust_claims(5, []))),
            "past its end": ANCHOR.jws(trust, dumps(trust_claims(5, [ANCHOR], exp=NOW))),
            "far ahead": ANCHOR.jws(trust, dumps(trust_claims(5, [ANCHOR], iat=NOW + 31))),
        },
    }


def status_vectors() -> dict[str, Any]:
    typ = "statuslist+jwt"
    status = dumps(status_claims({4: 0, 5: 1, 6: 2, 7: 3}, 8, 9))

    def other(**changes: Any) -> str:
        return STATUS.jws(typ, dumps(status_claims({}, 8, 9, **changes)))

    return {
        "number": 3,
        "token": STATUS.jws(typ, status),
        "version": 9,
        "size": 8,
        "entries": {"4": 0, "5": 1, "6": 2},
        "reserved": 7,
        "refused": {
            "by a code's key": CODE.jws(typ, status),
            "by a stranger": STRANGER.jws("statuslist+jwt", status, kid=STATUS.kid),
            "another typ": STATUS.jws("JWT", status),
            "another address": other(sub="https://x"),
            "past ttl": other(iat=NOW - 300),
            "past exp": other(exp=NOW),
            "far ahead": other(iat=NOW + 31),
            "made before its key": other(iat=NOW - 1001, ttl=9999),
            "one bit": other(status_list={"bits": 1, "lst": "eNpjAAAAAQAB"}),
        },
        "older": STATUS.jws(typ, dumps(status_claims({}, 8, 8))),
    }


def licence_vectors() -> dict[str, Any]:
    licence = dumps(licence_claims())
    return {
        "token": LICENCE.jws("elicence+jws", licence),
        "content_hash": hashlib.sha256(licence).hexdigest(),
        "exchange_form": licence_claims()["licence"],
        "refused": {
            "by a status key": STATUS.jws("elicence+jws", licence),
            "by a stranger": STRANGER.jws("elicence+jws", licence, kid=LICENCE.kid),
            "another typ": LICENCE.jws("JWT", licence),
            "another deployment": LICENCE.jws("elicence+jws", dumps(licence_claims() | {"deployment": "x"})),
            "a member more": LICENCE.jws("elicence+jws", dumps(licence_claims() | {"x": 1})),
            "white space": LICENCE.jws("elicence+jws", licence + b" "),
            "signed before the key": LICENCE.jws("elicence+jws", dumps(_signed_early())),
            "a type that the key may not sign": LICENCE.jws("elicence+jws", dumps(_other_type())),
            "another authority's": LICENCE.jws("elicence+jws", dumps(_other_issuer())),
        },
    }


def offline_vectors() -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "digits": valid_code(name, **changes)["digits"],
            "after": after,
            "verdict": verdict,
        }
        for name, changes, after, verdict in (
            ("valid", {"index": 4}, 0, "valid"),
            ("ended", {"index": 5}, 0, "no_longer_valid"),
            ("suspended", {"index": 6}, 0, "suspended"),
            ("reserved value", {"index": 7}, 0, "status_unknown"),
            ("beyond the list", {"index": 8}, 0, "status_unknown"),
            ("another list", {"index": 4, "list": 4}, 0, "status_unknown"),
            ("list past its limit", {"index": 4, "issued_at": NOW + 300}, 300, "status_unknown"),
            ("list at its last second", {"index": 4, "issued_at": NOW + 299}, 299, "valid"),
            ("unknown issuer", {"index": 4, "issuer": 301}, 0, "unknown_issuer"),
            ("unknown type", {"index": 4, "type": 45}, 0, "unknown_issuer"),
            ("unknown key", {"index": 4, "key": Key("ffff")}, 0, "unknown_issuer"),
            ("key no longer valid", {"index": 4, "key": OTHER_CODE}, 0, "unknown_issuer"),
            ("another deployment", {"index": 4, "deployment": "x"}, 0, "bad_signature"),
            ("expired", {"index": 4}, 60, "code_expired"),
            ("ahead", {"index": 4, "issued_at": NOW + 31}, 0, "clock_differs"),
        )
    ]


def lists() -> dict[str, Any]:
    return {
        "now": NOW,
        "deployment": DEPLOYMENT,
        "anchor": {**ANCHOR.jwk(), "kid": ANCHOR.kid},
        "trust": trust_vectors(),
        "status": status_vectors(),
        "licence": licence_vectors(),
        "offline": offline_vectors(),
    }


def _signed_early() -> dict[str, Any]:
    claims = licence_claims() | {"iat": NOW - 86_400}
    claims["licence"]["ZZQZSJ"] = "2026-11-22T00:00:00Z"
    return claims


def _other_type() -> dict[str, Any]:
    claims, other = licence_claims(), TYPE[:18] + "002"
    claims["licence"] |= {"ZZLXDM": other, "ZZBS": identifier(other, AGENCY)}
    return claims


def _other_issuer() -> dict[str, Any]:
    claims, other = licence_claims(), "11350000MBDEM00317"
    claims["licence"] |= {"ZZBFJGDM": other, "ZZBS": identifier(TYPE, other)}
    return claims


def main() -> None:
    codes = {
        "keys": {key.kid: key.jwk() for key in (CODE, OTHER_CODE)},
        "deployment": DEPLOYMENT,
        "valid": valid_codes(),
        "refused": refused_codes(),
        "freshness": freshness(),
    }
    for name, value in (("codes.json", codes), ("lists.json", lists())):
        text = json.dumps(value, ensure_ascii=False, indent=1)
        (HERE / name).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
