"""What a code costs: minting, drawing, and the whole offline verdict beside one bare ES256 verification.

    .venv/bin/python -m bench.codes [--rounds 15] [--count 400]

Prints a table and writes ``var/bench-codes.json``: rows of ``operation, us, limit_us, ratio``.
CPU time of one thread, the operations in turn; the median of the rounds, the check's ratio round by
round, so that a busy machine weighs on both sides alike.  Fails where the plan's figures are missed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from manyou import status, trust
from manyou._jws import b64
from manyou.offline import verify_offline
from manyou.status import StatusBits
from manyou.trust import Issuer, LicenceType, Pin, StatusListAddress, TrustContent, TrustedKey
from qr import LicenceFacts, Minter, draw

MINT_LIMIT_US = 60.0
"""Without drawing, the signature included."""
CHECK_LIMIT = 1.3
"""Times one ES256 verification."""
NOW = 1_795_392_000
DEPLOYMENT = "bench"
OUT = Path("var/bench-codes.json")


class Key:
    """A key in memory, with the signature form of the house."""

    kid = "0102"

    def __init__(self) -> None:
        self.private = generate_private_key(SECP256R1())
        self.public = self.private.public_key()
        numbers = self.public.public_numbers()
        x, y = (b64(each.to_bytes(32, "big")) for each in (numbers.x, numbers.y))
        self.jwk = {"kty": "EC", "crv": "P-256", "x": x, "y": y}

    def sign(self, data: bytes, /) -> bytes:
        """Raw r ‖ s."""
        r, s = decode_dss_signature(self.private.sign(data, ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def operations(key: Key) -> dict[str, Callable[[], object]]:
    """Each measured act, ready to be called."""
    content = TrustContent(
        iss="https://id.example.gov.cn",
        deployment=DEPLOYMENT,
        version=1,
        iat=NOW,
        exp=NOW + 86_400,
        issuers=(Issuer(300, "issuer", "11350000MBDEM0023C"),),
        types=(LicenceType(44, "91350000MADEM00030001", "type"),),
        keys=(TrustedKey("0102", "code", key.jwk, NOW), TrustedKey("s", "status", key.jwk, NOW)),
        status_lists=(StatusListAddress(3, "https://id.example.gov.cn/status/3"),),
        anchors=({**key.jwk, "kid": "a"},),
    )
    trusted = Pin(content.anchors, DEPLOYMENT).verify(trust.sign(content, "a", key.sign), NOW)
    packed = StatusBits(131_072).packed()
    claims = status.claims(content.status_lists[0].uri, packed, iat=NOW, exp=NOW + 600, ttl=300, version=1)
    lists = {3: status.verify(status.sign(claims, "s", key.sign), 3, trusted, NOW)}

    minter = Minter(DEPLOYMENT, "HTTPS://V.EXAMPLE.GOV.CN/V/", 60)
    facts = LicenceFacts(300, 44, os.urandom(12), "欧***", 3, 70_000)
    minted = minter.mint(facts, key, NOW, os.urandom(4))
    if not verify_offline(minted.url, trusted, lists, NOW).valid:
        raise SystemExit("the benchmark's own code is not valid")
    algorithm, message = ECDSA(SHA256()), os.urandom(130)
    signature = key.private.sign(message, algorithm)
    return {
        "bare ES256 signature": lambda: key.private.sign(message, algorithm),
        "mint": lambda: minter.mint(facts, key, NOW, os.urandom(4)),
        "bare ES256 verification": lambda: key.public.verify(signature, message, algorithm),
        "offline check": lambda: verify_offline(minted.url, trusted, lists, NOW),
        "draw": lambda: draw(minted.url),
    }


def microseconds(act: Callable[[], object], count: int) -> float:
    """CPU microseconds of one call."""
    begun = time.process_time()
    for _ in range(count):
        act()
    return (time.process_time() - begun) / count * 1e6


def measure(rounds: int, count: int) -> list[dict[str, Any]]:
    """The rows."""
    acts = operations(Key())
    times: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(rounds):
        for name, act in acts.items():
            times[name].append(microseconds(act, max(1, count // 20) if name == "draw" else count))
    pairs = zip(times["offline check"], times["bare ES256 verification"], strict=True)
    ratio = median(check / bare for check, bare in pairs)
    limits = {"mint": MINT_LIMIT_US, "offline check": CHECK_LIMIT * median(times["bare ES256 verification"])}
    return [
        {
            "operation": name,
            "us": round(median(each), 1),
            "limit_us": round(limits[name], 1) if name in limits else None,
            "ratio": round(ratio, 3) if name == "offline check" else None,
        }
        for name, each in times.items()
    ]


def missed(rows: list[dict[str, Any]]) -> list[str]:
    """What is slower than promised."""
    return [
        row["operation"]
        for row in rows
        if (row["ratio"] is not None and row["ratio"] > CHECK_LIMIT)
        or (row["operation"] == "mint" and row["us"] > MINT_LIMIT_US)
    ]


def main() -> None:
    """Measure, print, write, and fail where it is too slow."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--count", type=int, default=400)
    arguments = parser.parse_args()
    rows = measure(arguments.rounds, arguments.count)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print(f"{'operation':<26}{'µs':>9}{'limit µs':>10}{'ratio':>8}")
    for row in rows:
        limit, ratio = (("" if row[name] is None else row[name]) for name in ("limit_us", "ratio"))
        print(f"{row['operation']:<26}{row['us']:>9}{limit:>10}{ratio:>8}")
    if slow := missed(rows):
        sys.exit(f"slower than promised: {', '.join(slow)}")


if __name__ == "__main__":
    main()
