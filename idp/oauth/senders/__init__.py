"""To whose key a value is bound, and DPoP proofs."""
