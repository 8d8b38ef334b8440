"""Logins that live: the session, the browser's cookie for it, and how it ends."""
