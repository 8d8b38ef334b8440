"""Authorization requests on their way to an answer."""
