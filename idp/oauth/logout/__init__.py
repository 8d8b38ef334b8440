"""One logout that every hall hears of."""
