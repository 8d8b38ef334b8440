"""People, organisations, offices: what the registry says, and how sure we are of each person."""
