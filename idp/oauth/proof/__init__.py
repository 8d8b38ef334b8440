"""How a caller proves which client it is, and whose key it holds."""
