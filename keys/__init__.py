"""Custody and trust: signers, key rings, sealed values and fields, the trust list."""
