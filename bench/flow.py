"""A whole login without a password: pushed request, authorization by a living session, exchange."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from urllib.parse import unquote

from bench.drive import Flow, Unexpected

__all__ = ["in_turn", "whole_flow"]

CODE = re.compile(rb"[?&]code=([^&\r\n]+)")


def whole_flow(pushed: bytes, authorize: Callable[[str], bytes], exchange: Callable[[str], bytes]) -> Flow:
    """The three requests, the next made of what the last one was answered."""
    answer = yield pushed
    if not answer.startswith(b"HTTP/1.1 201"):
        raise Unexpected(f"pushing: {answer[:600]!r}")
    answer = yield authorize(json.loads(answer.partition(b"\r\n\r\n")[2])["request_uri"])
    if (code := CODE.search(answer)) is None:
        raise Unexpected(f"authorization: {answer[:600]!r}")
    answer = yield exchange(unquote(code[1].decode()))
    if b'"id_token"' not in answer:
        raise Unexpected(f"exchange: {answer[:600]!r}")


def silent(authorize: bytes) -> Flow:
    """One authorization request that no page answers: the browser is sent back with a code at once."""
    answer = yield authorize
    if CODE.search(answer.partition(b"\r\n\r\n")[0]) is None:
        raise Unexpected(f"silent sign-on: {answer[:600]!r}")


def in_turn(requests: Sequence[bytes], count: int) -> list[bytes]:
    """``count`` requests, the given ones over and over."""
    return [requests[number % len(requests)] for number in range(count)]
