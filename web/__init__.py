"""How we speak HTTP: one ``Call`` in, one ``Reply`` out, for machines and for people.

A route is one value, ``Endpoint``; its ``Authorisation`` is the gate that ``answer`` passes before the
handler runs. ``application`` puts the endpoints of several sites (provider, portal) behind one WSGI
callable and chooses by Host.
"""

from web.access import AccessTokens, DetailType, Sentence, VerifiedAccess
from web.application import application
from web.call import Call, Parameters
from web.catalogue import Catalogue
from web.endpoint import Authorisation, Endpoint, Site, development, public
from web.pages import Pages
from web.reply import Reply
from web.transport import HTTPS, LOCAL_DEMO, Transport

__all__ = [
    "HTTPS",
    "LOCAL_DEMO",
    "AccessTokens",
    "Authorisation",
    "Call",
    "Catalogue",
    "DetailType",
    "Endpoint",
    "Pages",
    "Parameters",
    "Reply",
    "Sentence",
    "Site",
    "Transport",
    "VerifiedAccess",
    "application",
    "development",
    "public",
]
