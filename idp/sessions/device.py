"""What a person recognises a browser by (pure): program and system, nothing that identifies the machine."""

from __future__ import annotations

from typing import Final

__all__ = ["device_name"]

_PROGRAMS: Final = (
    ("MicroMessenger", "微信 WeChat"),
    ("AlipayClient", "支付宝 Alipay"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("HuaweiBrowser", "华为浏览器 Huawei"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
"""The first one found names the browser: each also claims to be those below it."""

_SYSTEMS: Final = (
    ("HarmonyOS", "HarmonyOS"),
    ("OpenHarmony", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def device_name(user_agent: str | None) -> str:
    """E.g. ``Chrome · Android``; a question mark where nothing is recognised."""
    agent = (user_agent or "")[:512]
    program = next((name for mark, name in _PROGRAMS if mark in agent), "?")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return f"{program} · {system}" if system else program
