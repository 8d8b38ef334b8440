"""The texts that people read: Chinese first, English beside it, one catalogue.

Each room has a ``texts.toml``::

    [login]
    title = ["登录", "Log in"]

``{{ t("login.title") }}`` prints both, marked with their language for screen readers. A sentence may have
named places: ``{{ t("login.wait", seconds=30) }}`` fills ``{seconds}``.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["Catalogue"]


class Catalogue:
    """All rooms' texts, read once at start."""

    def __init__(self, texts: Mapping[str, tuple[str, str]]) -> None:
        self.texts = texts

    @classmethod
    def load(cls, files: Iterable[Path]) -> Catalogue:
        """Read the rooms' files.

        Raises:
            ValueError: a key stands twice, or a text lacks a language; named in the message.

        """
        texts: dict[str, tuple[str, str]] = {}
        for file in files:
            for section, entries in tomllib.loads(file.read_text("utf-8")).items():
                for name, pair in entries.items():
                    key = f"{section}.{name}"
                    if key in texts:
                        raise ValueError(f"{file.parent.name}/{file.name}: {key} stands twice")
                    if not (isinstance(pair, list) and len(pair) == 2 and all(pair)):
                        raise ValueError(f"{file.parent.name}/{file.name}: {key} needs Chinese and English")
                    texts[key] = (pair[0], pair[1])
        return cls(texts)

    def pair(self, key: str, **places: object) -> tuple[str, str]:
        """Chinese and English; an unknown key is a fault of ours and raises KeyError."""
        zh, en = self.texts[key]
        return (zh.format(**places), en.format(**places)) if places else (zh, en)

    def __contains__(self, key: str) -> bool:
        return key in self.texts

    def __call__(self, key: str, **places: object) -> Markup:
        """Both languages as markup; the values put in are escaped."""
        return both(*self.pair(key, **places))

    def plain(self, key: str, **places: object) -> str:
        """Both languages as plain text, for attributes and titles."""
        return " · ".join(self.pair(key, **places))

    def problem(self, code: str, category: str) -> tuple[str, str]:
        """The sentence for an error code, or its category's where the code has none of its own."""
        key = f"problem.{code}"
        return self.pair(key if key in self.texts else f"problem.{category}")


def both(zh: str, en: str) -> Markup:
    """Chinese, and English beside it."""
    return Markup('<span class="zh" lang="zh-CN">{}</span> <span class="en" lang="en">{}</span>').format(
        escape(zh), escape(en)
    )
