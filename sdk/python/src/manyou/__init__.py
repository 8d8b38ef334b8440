"""manyou 漫游: what a hall needs to log people in, ask for licences and check codes.

Nothing is loaded here.  Import the module that is needed:

- ``manyou.errors`` the one family of errors
- ``manyou.identifiers`` numbers of people, organisations and licences; masks and names
- ``manyou.codes`` the licence code's wire format
- ``manyou.licences`` the licence's signed content
- ``manyou.status`` the status list
- ``manyou.trust`` the trust list
- ``manyou.offline`` checking a code without a network
- ``manyou.verifier`` checking a code online, and offline where it must
- ``manyou.hall``, ``manyou.flask`` logging people in, for halls
"""

from __future__ import annotations

__all__: list[str] = []
