"""Whom the records are about: the register and each holder's data key."""
