"""The check characters that the standards use: ISO 7064 MOD 11-2 and MOD 37,36, GB 32100, GB 11714."""

from __future__ import annotations

from typing import Final

__all__ = ["USCC_ALPHABET", "mod_11_2", "mod_37_36", "organisation_check", "uscc_check"]

_MOD_11_2_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_MOD_11_2_CHARACTERS: Final = "10X98765432"

_ALPHANUMERIC: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUE: Final = {character: value for value, character in enumerate(_ALPHANUMERIC)}

USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100: 31 characters, without I, O, Z, S, V."""
_USCC_VALUE: Final = {character: value for value, character in enumerate(USCC_ALPHABET)}
_USCC_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))

_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)


def mod_11_2(digits: str) -> str:
    """Check character of 17 ASCII digits, GB 11643 annex A (ISO 7064 MOD 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, _MOD_11_2_WEIGHTS, strict=True))
    return _MOD_11_2_CHARACTERS[total % 11]


def mod_37_36(text: str) -> str:
    """Check character of ``[0-9A-Z]+`` by ISO 7064 MOD 37,36 (hybrid), as GB/T 36904 uses it."""
    product = 36
    for character in text:
        product = (product + _VALUE[character]) % 36 or 36
        product = product * 2 % 37
    return _ALPHANUMERIC[(37 - product) % 36]


def uscc_check(body: str) -> str:
    """Check character of the first 17 characters of a unified social credit code, GB 32100 section 5."""
    total = sum(
        _USCC_VALUE[character] * weight for character, weight in zip(body, _USCC_WEIGHTS, strict=True)
    )
    return USCC_ALPHABET[(31 - total % 31) % 31]


def organisation_check(body: str) -> str:
    """Check character of the first 8 characters of an organisation code, GB 11714."""
    total = sum(
        _VALUE[character] * weight for character, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True)
    )
    return "0123456789X0"[11 - total % 11]
