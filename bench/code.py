"""The licence code without drawing: what minting costs, and a check offline beside one verification."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from keys import KeySettings, build, create_master_key
from manyou.codes import CodeA, Verdict, encode, freshness, parse, verify
from store import StoreSettings, migrate, open_durable

__all__ = ["rows"]

DEPLOYMENT = "bench"
MINT_LIMIT_US = 60.0
CHECK_LIMIT = 1.3
"""Times one ES256 verification."""


def cpu_us(work: Callable[[], object], count: int) -> float:
    """CPU microseconds of this process for one call."""
    begun = time.process_time()
    for _ in range(count):
        work()
    return (time.process_time() - begun) / count * 1_000_000


def rows(rounds: int = 7, count: int = 1000) -> list[dict[str, object]]:
    """Measure minting, checking and the plain verification in turn; medians."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        create_master_key(path / "master.key", environment="development")
        durable = open_durable(StoreSettings(path=path))
        migrate(durable)
        settings = KeySettings(
            path / "master.key", DEPLOYMENT, "http://localhost:8000", environment="development"
        )
        signer = build(settings, durable, lambda: int(time.time())).signer("code")
        now = int(time.time())
        licence = CodeA(70_001, 301, os.urandom(12), "张*三", now, 60, 3, 123_456, os.urandom(4))

        def mint() -> str:
            return encode(replace(licence, nonce=os.urandom(4)), signer.kid_bytes, signer.sign, DEPLOYMENT)

        digits = "HTTPS://PORTAL.EXAMPLE/V/" + mint()
        key = generate_private_key(SECP256R1())
        public, algorithm = key.public_key(), ECDSA(SHA256())
        signature = key.sign(bytes(100), algorithm)
        own = encode(licence, b"\0\1", lambda data: raw(key.sign(data, algorithm)), DEPLOYMENT)

        def check() -> None:
            assert freshness(verify(parse(own), public, DEPLOYMENT).payload, now) is Verdict.VALID

        assert parse(digits).payload.licence == licence.licence
        figures: dict[str, list[float]] = {"mint": [], "check": [], "verify": []}
        for _ in range(rounds):
            figures["mint"].append(cpu_us(mint, count))
            figures["check"].append(cpu_us(check, count))
            figures["verify"].append(cpu_us(lambda: public.verify(signature, bytes(100), algorithm), count))
        durable.close()
    limit = CHECK_LIMIT * median(figures["verify"])
    return [
        row("code A minted", figures["mint"], MINT_LIMIT_US),
        row("code A checked offline", figures["check"], limit),
    ]


def raw(der: bytes) -> bytes:
    """Raw r ‖ s of a DER signature."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def row(operation: str, figures: list[float], limit: float) -> dict[str, object]:
    """One row of var/bench.json; nobody is beside us here."""
    return {
        "operation": operation,
        "engine": "python",
        "ours_us": round(median(figures), 1),
        "peer_us": None,
        "ratio": None,
        "limit_us": round(limit, 1),
    }
