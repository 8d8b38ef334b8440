"""Who you are and who may ask: people, factors, sessions, OAuth 2 and OpenID Connect."""
