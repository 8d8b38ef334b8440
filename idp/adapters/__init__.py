"""Implementations of the room's ports."""
