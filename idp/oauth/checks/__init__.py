"""Checks of the authorization endpoint, one file a subject; ``authorization`` puts them in order."""
