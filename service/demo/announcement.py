"""What the terminal shows when the demo starts: where to go, and as whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from service.demo.folder import Demo

__all__ = ["announce"]


def announce(demo: Demo) -> None:
    """Print addresses, people and passwords."""
    facts = demo.facts()
    lines = [
        "",
        "  漫游 Manyou — 示范省 the demo province",
        "",
        f"  我的证照 My licences      {facts['portal']}/",
        f"  核验 Verify a code        {facts['portal']}/verify",
        f"  办事大厅 Hall A, hall B   {facts['halls'][0]}/   {facts['halls'][1]}/",
        f"  统一身份认证 The login    {facts['issuer']}/account",
        "",
        "  身份证号 identifier   密码 password   （动态码密钥 one-time code secret）",
    ]
    for person in facts["people"]:
        secret = f"   {person['totp_secret']}" if person["totp_secret"] else ""
        password = person["password"] or "未激活 not activated yet"
        lines.append(f"  {person['number']}    {person['name']}  {password}{secret}")
    lines.append("  代表企业登录：先输入统一社会信用代码 To act for a company, type its code first:")
    lines += [
        f"  {company['uscc']}    {company['name']}（{company['offices'][0]['number']}）"
        for company in facts["companies"]
    ]
    lines += ["", f"  {demo.facts_file}: all of this for programs, with client secrets", ""]
    click.echo("\n".join(lines))
