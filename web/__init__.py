"""How we speak HTTP: calls, replies, guards, pages and problems."""
