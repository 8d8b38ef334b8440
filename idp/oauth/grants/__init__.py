"""Grant types, one file each; ``token.GRANTS`` lists them."""
