"""The pages on which people log in, activate an account and look after it."""
