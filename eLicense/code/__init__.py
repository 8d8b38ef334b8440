"""The licence's code: minted for its holder, checked by anybody, spent by registered verifiers."""
