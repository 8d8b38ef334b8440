"""What happened: events, appended and numbered."""
