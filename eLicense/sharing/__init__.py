"""A hall fetches by matter: matter ∩ use grant decides what goes out, and the trace is written first."""
