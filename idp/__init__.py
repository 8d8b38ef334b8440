"""Who you are and who may ask: people, organisations, factors, sessions, OAuth 2 and OpenID Connect.

    provider = build(settings, issuer=…, durable=…, expiring=…, keys=…, register=…, feed=…, pages=…, …)
    provider.endpoints · provider.jobs · provider.access (AccessTokens) · provider.registry.run(file, now)

Each folder stands on the next: endpoints | pages > oauth > sessions > factors > people. Nothing below calls
up.
"""

from idp.endpoints import LANE
from idp.provider import Job, Provider, build
from idp.settings import IdpSettings

__all__ = ["LANE", "IdpSettings", "Job", "Provider", "build"]
