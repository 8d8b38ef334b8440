"""The provider's engine: OAuth 2 and OpenID Connect.

    authorization.py  token.py  device.py  ciba.py   the endpoints, each on one screen
    gate.py  standing.py                             what every grant asks, and what it looks at
    checks/  grants/                                 what the tables name, one file a subject
    clients/  registering/  proof/  senders/         who asks: records, how they come, how they prove it
    requests/  claims/  waiting/                     what is asked, and what waits for a person
    tokens/  logout/                                 what is given, and how it ends

The rest is what all of them speak of: grantee, consent, family, code, subject, scopes, errors. What later
standards add is one more file and one more line in a table; discovery lists what the tables hold.

Nothing is stored until it is spent: codes, refresh tokens and opaque access tokens are sealed values. Rows
stand for what lives: a consent, a family of refresh tokens. Both are of the person who logged in, and of
the organisation acted for.
"""
