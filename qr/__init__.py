"""The code: mint, check, draw, and name what is spent."""
