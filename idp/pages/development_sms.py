"""The messages of the development transport, latest first. The page exists in ``development`` only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from web import Endpoint, development

if TYPE_CHECKING:
    from idp.adapters.sms_development import DevelopmentSms
    from idp.factors.outbox import Outbox
    from web import Call, Pages
    from web.reply import Reply

__all__ = ["DevelopmentSmsPage"]


@dataclass(frozen=True, slots=True)
class DevelopmentSmsPage:
    """The page."""

    sms: DevelopmentSms
    outbox: Outbox
    pages: Pages

    def endpoints(self) -> tuple[Endpoint, ...]:
        """The route."""
        gate = development("stands for the phones of invented people")
        return (Endpoint("GET", "/development/sms", self.show, gate, page=True),)

    def show(self, call: Call) -> Reply:
        """What phones would have got; whatever is due is delivered first, so nobody waits for the job."""
        self.outbox.deliver(call.now)
        return self.pages.page(call, "idp/development_sms.html", messages=list(self.sms.messages))
