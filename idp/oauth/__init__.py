"""The provider's engine: OAuth 2 and OpenID Connect.

Two screens show all of it: ``authorization.AUTHORIZATION_CHECKS`` and ``token.TOKEN_STEPS`` with
``token.GRANTS``. Every grant asks ``gate.may_issue``. What later standards add is one more file in
``checks/`` or ``grants/`` and one more line in a table; discovery lists what the tables hold.

Nothing is stored until it is spent: codes, refresh tokens and opaque access tokens are sealed values. Rows
stand for what lives: a consent, a family of refresh tokens. Both are of the person who logged in, and of
the organisation acted for.
"""
