"""device_code (RFC 8628 § 3.4-3.5): what a person agreed to on another device, spent once like a code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.oauth.exchange import Grant
from idp.oauth.grants.authorization_code import answer, redeem
from idp.oauth.grants.waited import opened
from idp.oauth.waiting.waiting import DEVICE

if TYPE_CHECKING:
    from idp.oauth.exchange import Exchange
    from idp.oauth.grants.authorization_code import Opened

__all__ = ["GRANT"]


def _open(ask: Exchange) -> Opened:
    return opened(ask, DEVICE)


GRANT = Grant(_open, redeem, answer)
