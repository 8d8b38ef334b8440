"""What a hall is to the provider: its relying party, and a reader of licences.

``Hall`` is all that most need; ``manyou.flask`` puts it into Flask.
"""

from __future__ import annotations

from manyou.hall.ended_logins import EndedLogins
from manyou.hall.errors import (
    ForeignAnswer,
    InvalidIdToken,
    InvalidLogoutToken,
    LoginRefused,
    ProviderUnavailable,
    StepUpNeeded,
    TokenRefused,
)
from manyou.hall.hall import Hall
from manyou.hall.licence_library import LicenceLibrary
from manyou.hall.logout_token import LoggedOut
from manyou.hall.proving import DpopKey
from manyou.hall.tokens import Login, Pending, Tokens

__all__ = [
    "DpopKey",
    "EndedLogins",
    "ForeignAnswer",
    "Hall",
    "InvalidIdToken",
    "InvalidLogoutToken",
    "LicenceLibrary",
    "LoggedOut",
    "Login",
    "LoginRefused",
    "Pending",
    "ProviderUnavailable",
    "StepUpNeeded",
    "TokenRefused",
    "Tokens",
]
