"""The licence as a record: its row, its holders' rows, its content, and who may see what of it."""
