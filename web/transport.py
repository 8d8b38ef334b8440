"""How bytes reach us: over https, or in the clear on loopback for the demo.

``LOCAL_DEMO`` drops ``Secure`` and the ``__Host-`` prefix, because browsers refuse both over plain http
on 127.0.0.1; the service's settings allow it only in ``development`` on a loopback address.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HTTPS", "LOCAL_DEMO", "Transport"]


@dataclass(frozen=True, slots=True)
class Transport:
    """The profile that cookies, links and transport headers follow."""

    scheme: str
    secure_cookies: bool

    def cookie_name(self, name: str) -> str:
        """``__Host-name`` over https, the bare name in the local demo (RFC 6265bis § 4.1.3.2)."""
        return f"__Host-{name}" if self.secure_cookies else name

    def set_cookie(self, name: str, value: str, *, max_age: int | None = None) -> tuple[str, str]:
        """The ``Set-Cookie`` header for a cookie of this origin alone; ``max_age`` in seconds, 0 deletes."""
        age = "" if max_age is None else f"; Max-Age={max_age}"
        secure = "; Secure" if self.secure_cookies else ""
        return "Set-Cookie", f"{self.cookie_name(name)}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}"

    def readable_cookie(self, name: str, value: str) -> tuple[str, str]:
        """One that our script reads inside a frame of another site, so it may authenticate nothing.

        Browsers take ``SameSite=None`` only with ``Secure``: in the local demo only the same site sees it.
        """
        reach = "SameSite=None; Secure" if self.secure_cookies else "SameSite=Lax"
        return "Set-Cookie", f"{self.cookie_name(name)}={value}; Path=/; {reach}"


HTTPS = Transport("https", secure_cookies=True)
LOCAL_DEMO = Transport("http", secure_cookies=False)
