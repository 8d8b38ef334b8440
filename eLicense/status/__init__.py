"""What is published for offline checking: status lists of two bits a licence, and the trust list."""
