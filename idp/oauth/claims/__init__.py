"""What a hall is told of a holder."""
