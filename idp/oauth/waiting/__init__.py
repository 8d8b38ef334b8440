"""Requests that wait for a person: devices, and halls that ask the phone."""
