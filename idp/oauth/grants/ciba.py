"""CIBA's grant (CIBA § 10.1): what a person agreed to on their own page, spent once like a code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.oauth.exchange import Grant
from idp.oauth.grants.authorization_code import answer, redeem
from idp.oauth.grants.waited import opened
from idp.oauth.waiting.waiting import CIBA

if TYPE_CHECKING:
    from idp.oauth.exchange import Exchange
    from idp.oauth.grants.authorization_code import Opened

__all__ = ["GRANT"]


def _open(ask: Exchange) -> Opened:
    return opened(ask, CIBA)


GRANT = Grant(_open, redeem, answer)
