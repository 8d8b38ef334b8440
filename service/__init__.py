"""Composition root: settings, wiring, background jobs, WSGI app, command line."""
