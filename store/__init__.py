"""The two stores: durable and expiring, and their migrations."""
