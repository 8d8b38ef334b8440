"""Style, scripts and pictures: each file one route, read once at start, cached by its content's tag."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from web.endpoint import Endpoint, public
from web.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from web.call import Call

__all__ = ["BASE", "static_endpoints"]

BASE = Path(__file__).parent / "static"
"""What every site shows: the base style."""

_KIND = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


def static_endpoints(folder: Path) -> tuple[Endpoint, ...]:
    """``/static/‹name›`` for each file of ``folder``."""
    anybody = public("style and scripts hold nothing of anybody")
    return tuple(
        Endpoint("GET", f"/static/{file.name}", _serve(file), anybody)
        for file in sorted(folder.iterdir())
        if file.suffix in _KIND
    )


def _serve(file: Path) -> Callable[[Call], Reply]:
    body = file.read_bytes()
    tag = '"' + hashlib.sha256(body).hexdigest()[:20] + '"'
    headers = (("Content-Type", _KIND[file.suffix]), ("ETag", tag), ("Cache-Control", "public, max-age=300"))

    def handle(call: Call) -> Reply:
        if call.header("If-None-Match") == tag:
            return Reply(304, b"", headers)
        return Reply(200, body, headers)

    return handle
